// The page around the protocol: a canvas, keys, the pointer, and connecting again.
import { Rfb } from "./rfb.js";
import { keysymOf, scancodeOf } from "./keys.js";

const canvas = document.getElementById("screen");
const state = document.getElementById("state");
const context = canvas.getContext("2d", { alpha: false });
const surface = {
  resize(width, height) {
    canvas.width = width;
    canvas.height = height;
  },
  draw(x, y, width, height, rgba) {
    context.putImageData(new ImageData(rgba, width, height), x, y);
  },
  copy(fromX, fromY, x, y, width, height) {
    context.drawImage(canvas, fromX, fromY, width, height, x, y, width, height);
  },
};

let rfb = null;
let pause = 500;

function connect() {
  const where = new URL("stream", location.href);
  where.protocol = "ws:";
  const socket = new WebSocket(where);
  socket.binaryType = "arraybuffer";
  const current = new Rfb((bytes) => socket.readyState === 1 && socket.send(bytes), surface);
  let problem = "";
  current.onready = (name) => {
    rfb = current;
    pause = 500;
    state.value = `connected${name ? ` to ${name}` : ""}`;
    canvas.focus();
  };
  socket.onmessage = (event) => current.feed(new Uint8Array(event.data));
  current.run().catch((error) => {
    problem = error.message;
    socket.close();
  });
  socket.onclose = (event) => {
    current.end();
    rfb = null;
    state.value = problem || event.reason || "the connection ended; trying again";
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, 10000);
  };
}

const held = new Map();

function press(event, down) {
  event.preventDefault();
  if (!rfb) return;
  // a key is let go as what it was pressed as, whatever Shift is by then
  const key = down ? [keysymOf(event), scancodeOf(event)] : held.get(event.code);
  if (!key) return;
  if (down) held.set(event.code, key);
  else held.delete(event.code);
  rfb.key(key[0], key[1], down);
}

function letGo() {
  for (const [symbol, code] of held.values()) rfb?.key(symbol, code, false);
  held.clear();
}

let buttons = 0;

function point(event, mask = buttons) {
  const box = canvas.getBoundingClientRect();
  const x = Math.floor(((event.clientX - box.left) * canvas.width) / box.width);
  const y = Math.floor(((event.clientY - box.top) * canvas.height) / box.height);
  const clamp = (value, most) => Math.max(0, Math.min(value, most - 1));
  rfb?.pointer(clamp(x, canvas.width), clamp(y, canvas.height), mask);
}

function buttonsOf(event) {
  // the browser's order is left, right, middle; the protocol's is left, middle, right
  return (event.buttons & 1) | ((event.buttons & 4) >> 1) | ((event.buttons & 2) << 1);
}

canvas.addEventListener("keydown", (event) => press(event, true));
canvas.addEventListener("keyup", (event) => press(event, false));
canvas.addEventListener("blur", letGo);
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
for (const kind of ["pointerdown", "pointerup", "pointermove"]) {
  canvas.addEventListener(kind, (event) => {
    if (kind === "pointerdown") {
      canvas.focus();
      canvas.setPointerCapture(event.pointerId);
    }
    buttons = buttonsOf(event);
    point(event);
  });
}
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    const wheel = event.deltaY < 0 ? 8 : 16;
    point(event, buttons | wheel);
    point(event);
  },
  { passive: false },
);

document.getElementById("cad").addEventListener("click", () => {
  const keys = [[0xffe3, 0x1d], [0xffe9, 0x38], [0xffff, 0xd3]];
  for (const [symbol, code] of keys) rfb?.key(symbol, code, true);
  for (const [symbol, code] of keys.reverse()) rfb?.key(symbol, code, false);
  canvas.focus();
});
document.getElementById("paste").addEventListener("click", async () => {
  const text = await navigator.clipboard.readText();
  for (const letter of text) {
    const symbol = keysymOf({ key: letter === "\n" ? "Enter" : letter, code: "" });
    if (!symbol) continue;
    rfb?.key(symbol, 0, true);
    rfb?.key(symbol, 0, false);
  }
  canvas.focus();
});
document.getElementById("full").addEventListener("click", () => {
  document.documentElement.requestFullscreen();
  canvas.focus();
});

connect();
