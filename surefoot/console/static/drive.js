// What the operator holds: keys, pads, gamepad. The dead-man of the page: whatever takes the hand away lets go of all.
const AXIS = { KeyW: [0, 1], KeyS: [0, -1], KeyQ: [1, 1], KeyE: [1, -1], KeyA: [2, 1], KeyD: [2, -1],
  ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [2, 1], ArrowRight: [2, -1] };
const ASK = { Digit1: "arm", Digit2: "stand", Digit3: "walk", Digit4: "sit", Digit5: "disarm", Digit6: "crawl", Digit9: "reset" };
const STOP = { Escape: "stop", Digit0: "stop", Digit8: "damp" };
// https://www.w3.org/TR/gamepad/#remapping: left shoulder, right upper button; left stick, right stick.
const DEAD_MAN = 4, PAD_STOP = 1, AHEAD = 1, SIDEWAYS = 0, TURN = 2, DEAD_ZONE = 0.08, LOOK_MS = 50;
const MODIFIERS = ["Meta", "Control", "Alt"];
const gamepads = () => [...(navigator.getGamepads?.() ?? [])].filter((each) => each?.connected);

export class Drive {
  #keys = new Set();
  #pads = { move: [0, 0], turn: [0, 0] };
  #padStop = false;

  // `changed()` is called at once when what is held has changed; `stop(level)` and `ask(request)` by keys.
  constructor({ changed, stop, ask }) {
    this.share = 1;
    this.changed = changed;
    this.stop = stop;
    addEventListener("keydown", (event) => this.#down(event, ask));
    addEventListener("keyup", (event) => this.#up(event));
    for (const name of ["blur", "pagehide", "freeze", "contextmenu"]) addEventListener(name, () => this.letGo());
    document.addEventListener("visibilitychange", () => this.letGo());
    addEventListener("gamepaddisconnected", () => this.letGo());
    this.#pad("move", true);
    this.#pad("turn", false);
    setInterval(() => this.#stopByPad(), LOOK_MS); // also where it may not drive: without focus, controls or connection
  }

  letGo() {
    this.#keys.clear();
    for (const name of Object.keys(this.#pads)) this.#place(name, 0, 0, false);
    this.changed();
  }

  // Ahead, to the left, turning left: shares of the fastest speeds.
  held() {
    const sum = [0, 0, 0];
    for (const key of this.#keys) sum[AXIS[key][0]] += AXIS[key][1];
    const [x, y] = this.#pads.move;
    const stick = this.#gamepad();
    sum[0] += -y + stick[0];
    sum[1] += -x + stick[1];
    sum[2] += -this.#pads.turn[0] + stick[2];
    if (document.hidden) return [0, 0, 0];
    return sum.map((value) => Math.max(-1, Math.min(1, value)) * this.share + 0);
  }

  #down(event, ask) {
    if (event.target.type === "password" && event.code !== "Escape") return;
    if (STOP[event.code]) { this.stop(STOP[event.code]); event.preventDefault(); return; }
    // Where a modifier is held some systems do not tell when other keys come up.
    if (MODIFIERS.includes(event.key)) this.letGo();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.type === "range" && event.code.startsWith("Arrow")) return;
    if (AXIS[event.code]) {
      event.preventDefault();
      if (event.repeat) return; // one that was held before the page had the focus does not count
      this.#keys.add(event.code);
      this.changed();
    } else if (ASK[event.code] && !event.repeat) ask(ASK[event.code]);
  }

  #up(event) {
    if (MODIFIERS.includes(event.key)) this.letGo();
    if (this.#keys.delete(event.code)) this.changed();
  }

  #pad(name, both) {
    const pad = document.getElementById(name);
    let finger = null;
    const move = (event) => {
      const box = pad.getBoundingClientRect();
      const reach = Math.max(box.width, both ? box.height : 0) / 2 - 20;
      let x = (event.clientX - box.left - box.width / 2) / reach;
      let y = both ? (event.clientY - box.top - box.height / 2) / reach : 0;
      const far = Math.max(1, Math.hypot(x, y));
      this.#place(name, x / far, y / far, true, reach);
      this.changed();
    };
    pad.addEventListener("pointerdown", (event) => {
      if (finger !== null) return;
      finger = event.pointerId;
      pad.setPointerCapture(finger);
      move(event);
    });
    pad.addEventListener("pointermove", (event) => event.pointerId === finger && this.#pads[name].held && move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      pad.addEventListener(end, (event) => {
        if (event.pointerId !== finger) return;
        finger = null;
        this.#place(name, 0, 0, false);
        this.changed();
      });
    }
  }

  #place(name, x, y, held, reach = 0) {
    const values = [x, y];
    values.held = held;
    this.#pads[name] = values;
    const pad = document.getElementById(name);
    pad.classList.toggle("held", held);
    pad.firstElementChild.style.transform = `translate(${x * reach}px, ${y * reach}px)`;
  }

  #gamepad() {
    if (document.hidden || !document.hasFocus()) return [0, 0, 0];
    // In other mappings an axis may be a trigger, which says −1 where nobody touches it.
    const pad = gamepads().find((each) => each.mapping === "standard");
    if (!pad?.buttons[DEAD_MAN]?.pressed) return [0, 0, 0];
    return [AHEAD, SIDEWAYS, TURN].map((axis) => {
      const value = -(pad.axes[axis] ?? 0);
      return Math.abs(value) < DEAD_ZONE ? 0 : value;
    });
  }

  #stopByPad() {
    const pressed = gamepads().some((pad) => pad.buttons[PAD_STOP]?.pressed);
    const isNew = pressed && !this.#padStop;
    this.#padStop = pressed;
    if (isNew) this.stop("stop");
  }
}
