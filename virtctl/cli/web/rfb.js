// The client's side of the remote framebuffer protocol (RFC 6143): versions 3.3 to 3.8 without
// authentication, the encodings Raw, CopyRect and DesktopSize, and QEMU's key events, which carry
// the key's place on the keyboard and leave its meaning to the guest's layout.

const RAW = 0;
const COPY = 1;
const DESKTOP_SIZE = -223;
const QEMU_KEYS = -258;

// Bytes that come in pieces, asked for in other pieces.
class Inbox {
  constructor() {
    this.pieces = [];
    this.length = 0;
    this.ended = false;
    this.wake = null;
  }

  push(bytes) {
    this.pieces.push(bytes);
    this.length += bytes.length;
    this.wake?.();
  }

  end() {
    this.ended = true;
    this.wake?.();
  }

  async take(count) {
    while (this.length < count) {
      if (this.ended) throw new Error("the connection ended; trying again");
      await new Promise((resolve) => { this.wake = resolve; });
    }
    this.length -= count;
    const first = this.pieces[0];
    if (first && first.length > count) {
      this.pieces[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    const whole = new Uint8Array(count);
    for (let filled = 0; filled < count;) {
      const piece = this.pieces[0];
      const wanted = Math.min(piece.length, count - filled);
      whole.set(piece.subarray(0, wanted), filled);
      filled += wanted;
      if (wanted === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(wanted);
    }
    return whole;
  }
}

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

export class Rfb {
  // `send` takes bytes; `surface` has resize(w, h), draw(x, y, w, h, rgba), copy(fx, fy, x, y, w, h).
  constructor(send, surface) {
    this.send = send;
    this.surface = surface;
    this.inbox = new Inbox();
    this.qemuKeys = false;
    this.onready = () => {};
  }

  feed(bytes) { this.inbox.push(bytes); }

  end() { this.inbox.end(); }

  // Until the connection ends; throws with the reason.
  async run() {
    await this.greet();
    for (;;) await this.message();
  }

  async text(count) { return new TextDecoder().decode(await this.inbox.take(count)); }

  async u8() { return (await this.inbox.take(1))[0]; }

  async u32() { return view(await this.inbox.take(4)).getUint32(0); }

  async greet() {
    const said = /^RFB (\d{3})\.(\d{3})\n$/.exec(await this.text(12));
    if (!said) throw new Error("what answers is no screen");
    const minor = Math.min(8, Number(said[2]));
    const spoken = minor >= 8 ? 8 : minor === 7 ? 7 : 3;
    this.send(new TextEncoder().encode(`RFB 003.00${spoken}\n`));
    await this.secure(spoken);
    this.send(Uint8Array.of(1));
    const size = view(await this.inbox.take(24));
    const name = await this.text(size.getUint32(20));
    this.resize(size.getUint16(0), size.getUint16(2));
    this.send(Uint8Array.of(0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0));
    const encodings = [COPY, RAW, DESKTOP_SIZE, QEMU_KEYS];
    const words = new DataView(new ArrayBuffer(4 + 4 * encodings.length));
    words.setUint8(0, 2);
    words.setUint16(2, encodings.length);
    encodings.forEach((encoding, index) => words.setInt32(4 + 4 * index, encoding));
    this.send(new Uint8Array(words.buffer));
    this.ask(false);
    this.onready(name);
  }

  async secure(spoken) {
    if (spoken === 3) {
      const type = await this.u32();
      if (type === 0) throw new Error(await this.reason());
      if (type !== 1) throw new Error("the screen asks for a password");
      return;
    }
    const count = await this.u8();
    if (count === 0) throw new Error(await this.reason());
    const types = await this.inbox.take(count);
    if (!types.includes(1)) throw new Error("the screen asks for a password");
    this.send(Uint8Array.of(1));
    if (spoken === 8 && (await this.u32()) !== 0) throw new Error(await this.reason());
  }

  async reason() { return this.text(await this.u32()); }

  resize(width, height) {
    this.width = width;
    this.height = height;
    this.surface.resize(width, height);
  }

  ask(incremental) {
    const words = new DataView(new ArrayBuffer(10));
    words.setUint8(0, 3);
    words.setUint8(1, incremental ? 1 : 0);
    words.setUint16(6, this.width);
    words.setUint16(8, this.height);
    this.send(new Uint8Array(words.buffer));
  }

  async message() {
    const type = await this.u8();
    if (type === 0) await this.update();
    else if (type === 1) await this.inbox.take(6 * view(await this.inbox.take(5)).getUint16(3));
    else if (type === 3) await this.inbox.take(view(await this.inbox.take(7)).getUint32(3));
    else if (type !== 2) throw new Error(`the screen sent a message of unknown type ${type}`);
  }

  async update() {
    let resized = false;
    for (let left = view(await this.inbox.take(3)).getUint16(1); left > 0; left -= 1) {
      const head = view(await this.inbox.take(12));
      const [x, y, width, height] = [0, 2, 4, 6].map((at) => head.getUint16(at));
      const encoding = head.getInt32(8);
      if (encoding === RAW) await this.raw(x, y, width, height);
      else if (encoding === COPY) {
        const from = view(await this.inbox.take(4));
        this.surface.copy(from.getUint16(0), from.getUint16(2), x, y, width, height);
      } else if (encoding === DESKTOP_SIZE) {
        this.resize(width, height);
        resized = true;
      } else if (encoding === QEMU_KEYS) this.qemuKeys = true;
      else throw new Error(`the screen sent the encoding ${encoding}, which was not asked for`);
    }
    this.ask(!resized);
  }

  async raw(x, y, width, height) {
    if (!width || !height) return;
    const bytes = await this.inbox.take(4 * width * height);
    const rgba = new Uint8ClampedArray(bytes.length);
    rgba.set(bytes);
    for (let at = 3; at < rgba.length; at += 4) rgba[at] = 255;
    this.surface.draw(x, y, width, height, rgba);
  }

  // A key by its symbol (X11's numbers), or by its place (PC/XT scan code) when that is known.
  key(symbol, code, down) {
    if (this.qemuKeys && code) {
      const words = new DataView(new ArrayBuffer(12));
      words.setUint8(0, 255);
      words.setUint16(2, down ? 1 : 0);
      words.setUint32(4, symbol);
      words.setUint32(8, code);
      this.send(new Uint8Array(words.buffer));
    } else if (symbol) {
      const words = new DataView(new ArrayBuffer(8));
      words.setUint8(0, 4);
      words.setUint8(1, down ? 1 : 0);
      words.setUint32(4, symbol);
      this.send(new Uint8Array(words.buffer));
    }
  }

  // The pointer's place and its pressed buttons: 1 left, 2 middle, 4 right, 8 and 16 the wheel.
  pointer(x, y, mask) {
    const words = new DataView(new ArrayBuffer(6));
    words.setUint8(0, 5);
    words.setUint8(1, mask);
    words.setUint16(2, x);
    words.setUint16(4, y);
    this.send(new Uint8Array(words.buffer));
  }
}
