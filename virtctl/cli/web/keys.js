// What a browser says of a key, as X11's symbol and as the PC/XT scan code of its place. Scan codes
// of extended keys have bit 7 set in place of the prefix E0.

const PLACES = [
  ["Escape Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal", 0x01],
  ["Backspace Tab KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight", 0x0e],
  ["Enter ControlLeft KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote", 0x1c],
  ["ShiftLeft Backslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight", 0x2a],
  ["NumpadMultiply AltLeft Space CapsLock F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NumLock ScrollLock", 0x37],
  ["Numpad7 Numpad8 Numpad9 NumpadSubtract Numpad4 Numpad5 Numpad6 NumpadAdd Numpad1 Numpad2", 0x47],
  ["Numpad3 Numpad0 NumpadDecimal", 0x51],
  ["IntlBackslash F11 F12", 0x56],
  ["NumpadEnter ControlRight", 0x9c],
  ["Home ArrowUp PageUp", 0xc7],
  ["End ArrowDown PageDown Insert Delete", 0xcf],
  ["MetaLeft MetaRight ContextMenu", 0xdb],
];
const SCANCODES = {
  NumpadDivide: 0xb5, PrintScreen: 0xb7, AltRight: 0xb8, ArrowLeft: 0xcb, ArrowRight: 0xcd,
  Pause: 0xc6,
};
for (const [codes, first] of PLACES) {
  codes.split(" ").forEach((code, index) => { SCANCODES[code] = first + index; });
}

const SYMBOLS = {
  Backspace: 0xff08, Tab: 0xff09, Enter: 0xff0d, Pause: 0xff13, ScrollLock: 0xff14,
  Escape: 0xff1b, Home: 0xff50, ArrowLeft: 0xff51, ArrowUp: 0xff52, ArrowRight: 0xff53,
  ArrowDown: 0xff54, PageUp: 0xff55, PageDown: 0xff56, End: 0xff57, PrintScreen: 0xff61,
  Insert: 0xff63, ContextMenu: 0xff67, NumLock: 0xff7f, CapsLock: 0xffe5, Delete: 0xffff,
  AltGraph: 0xfe03,
};
const SIDES = { Shift: 0xffe1, Control: 0xffe3, Alt: 0xffe9, Meta: 0xffeb };

export function scancodeOf(event) { return SCANCODES[event.code] ?? 0; }

export function keysymOf(event) {
  const { key, code } = event;
  if (key in SYMBOLS) return SYMBOLS[key];
  if (key in SIDES) return SIDES[key] + (code.endsWith("Right") ? 1 : 0);
  const number = /^F(\d+)$/.exec(key);
  if (number) return 0xffbd + Number(number[1]);
  if ([...key].length !== 1) return 0;
  const point = key.codePointAt(0);
  return point < 0x100 ? point : 0x01000000 + point;
}
