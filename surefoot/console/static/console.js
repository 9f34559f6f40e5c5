// The page: one WebSocket; each frame is shown and answered with its number and with what is held.
import { Drive } from "./drive.js";
import { Plot } from "./plots.js";

const RETRY_MS = 1000, SILENT_MS = 1000, LOOK_MS = 250, MOST_QUIET = 12, PLOT_MS = 200, MOST_EVENTS = 200;
const WRONG_TOKEN = 1008;
const by = (id) => document.getElementById(id);
const text = (id, words) => { if (by(id).textContent !== words) by(id).textContent = words; };
const number = (value, digits, factor = 1) => (Number.isFinite(value) ? (value * factor).toFixed(digits) : "–");

const state = { socket: null, frame: null, heard: 0, page: 0, mine: false, stopWaits: null, view: null, late: [], connected: false, drove: false, quiet: 0, tried: false };
globalThis.surefoot = state; // for the browser's console, and for tests

const drive = new Drive({ changed: beat, stop, ask });
state.held = () => drive.held();
const plots = {
  speed: new Plot("plot-speed", [-0.2, 0.6], ["--told", "--does"]),
  turn: new Plot("plot-turn", [-0.5, 0.5], ["--told", "--does"]),
  tilt: new Plot("plot-tilt", [0, 30], ["--does"]),
  late: new Plot("plot-late", [0, 4], ["--told", "--does"]),
};

// The token stays behind the # on its way here, and leaves the address at once.
function token() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem("token") ?? "";
}

function connect() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  state.socket = socket;
  socket.onopen = () => {
    if (state.stopWaits) { say({ kind: "stop", request: state.stopWaits }); state.stopWaits = null; }
    if (token()) say({ kind: "hello", token: token() });
    else door("needs its token");
  };
  socket.onmessage = (event) => { if (socket === state.socket) hear(JSON.parse(event.data)); };
  socket.onclose = (event) => {
    if (socket !== state.socket) return;
    lost(event.reason);
    if (event.code === WRONG_TOKEN) { sessionStorage.removeItem("token"); door("the token is missing or wrong"); }
    if (by("door").hidden || state.stopWaits) setTimeout(connect, state.stopWaits ? 0 : RETRY_MS);
  };
}

// A connection that hangs is closed by the browser after minutes; a new one may come through at once.
function renew() {
  const old = state.socket;
  connect();
  old.close();
  lost("no news from the robot");
}

const hangs = () => state.connected && performance.now() - state.heard > SILENT_MS;

function say(message) {
  if (state.socket?.readyState !== WebSocket.OPEN) return false;
  state.socket.send(JSON.stringify(message));
  return true;
}

function door(why) {
  by("door").hidden = false;
  text("link", why);
  text("headline", "this page needs its token");
}

function lost(reason) {
  if (state.connected) state.drove = state.mine;
  state.mine = state.connected = false;
  drive.letGo();
  document.body.dataset.link = "lost";
  const stops = state.frame?.estop.waited_for;
  text("link", reason || "connection lost");
  by("headline").className = "mode bad";
  const then = stops ? ": the robot sits down by itself" : ": the robot stands still, and sits down after 10 s";
  text("headline", `connection lost${state.drove ? then : ""}`);
  shown();
}

function beat() {
  if (!state.frame) return;
  say({ kind: "beat", answer: state.frame.beat, hold: state.mine ? drive.held() : [0, 0, 0] });
}

function stop(request) {
  drive.letGo();
  if (say({ kind: "stop", request }) && !hangs()) return text("said", "STOP was sent");
  state.stopWaits = request; // it goes first on the next connection
  text("said", "not connected: STOP is sent as soon as it is");
  if (hangs()) renew();
  else if (state.socket?.readyState !== WebSocket.CONNECTING) connect();
}

function ask(request) {
  text("said", "");
  if (!say({ kind: "ask", request })) text("said", "not connected");
}

function hear(message) {
  if (message.kind === "welcome") return welcome(message);
  if (message.kind === "said") return text("said", message.text);
  state.frame = message;
  if (!state.connected || performance.now() - state.heard > SILENT_MS) live();
  state.heard = performance.now();
  state.quiet = 0;
  const had = state.mine;
  state.mine = message.taken === message.you;
  if (had && !state.mine) drive.letGo();
  beat();
  message.events.forEach(happened);
  plot(message);
  requestAnimationFrame(shown);
}

async function welcome(message) {
  state.page = message.page;
  by("door").hidden = true;
  by("events").replaceChildren();
  text("robot", message.robot.title);
  document.title = `${message.robot.title} · Surefoot`;
  live();
  if (state.tried) return;
  state.tried = true;
  try {
    const { View } = await import("./view.js");
    state.view = new View(by("view"), message.robot);
  } catch (error) {
    by("blind").hidden = false;
    text("blind", `No picture of the robot: this browser draws no 3D (${error.message}). All else works.`);
  }
}

function live() {
  state.connected = true;
  state.heard = performance.now();
  state.quiet = 0;
  document.body.dataset.link = "live";
  text("link", `connected · page ${state.page}`);
}

// One frame is shown once, however often it was asked for; a hidden page shows nothing.
let shownFrame = null;
function shown() {
  const frame = state.frame;
  if (!frame) return;
  controls(frame);
  if (frame === shownFrame || document.hidden) return;
  shownFrame = frame;
  state.view?.show(frame.pose, frame.commanded, frame.measured);
  if (state.connected) why(frame);
  figures(frame);
  health(frame);
}

function why(frame) {
  const stopped = frame.mode === "stopped" || frame.reasons.some((reason) => reason.is_severe);
  by("headline").className = stopped || !frame.running ? "mode bad" : "mode";
  text("headline", frame.fault || frame.headline);
  text("next", frame.next || "…");
  const rows = frame.reasons.map((reason) => [reason.meaning, [reason.detail, reason.over].filter(Boolean).join(" · "), reason.is_severe]);
  by("fine").hidden = rows.length > 0;
  const key = JSON.stringify(rows);
  if (by("reasons").dataset.key !== key) {
    by("reasons").dataset.key = key;
    by("reasons").replaceChildren(...rows.map(([meaning, detail, severe]) => {
      const row = document.createElement("li"), more = document.createElement("span");
      row.className = severe ? "severe" : "";
      row.textContent = meaning;
      more.textContent = detail;
      row.append(more);
      return row;
    }));
  }
  text("estop", estopWords(frame.estop));
  by("estop").classList.toggle("bad", Boolean(frame.estop.pressed || frame.estop.reasons));
  text("note", frame.note ? `link: ${frame.note}` : "");
}

function estopWords(estop) {
  const parts = [];
  if (estop.pressed) parts.push("STOP is held by this console: Reset lets go of it");
  if (estop.reasons) parts.push(`e-stop: ${estop.reasons}`);
  else if (estop.level) parts.push("e-stop: released");
  if (estop.waited_for) parts.push(`closing ${state.mine ? "this page" : "the page that has the controls"} stops the robot`);
  else parts.push(estop.key_fault ? estop.key_fault : "closing this page only ends driving: surefoot up --console makes it stop the robot");
  return parts.join(" · ");
}

function controls(frame) {
  const free = state.connected && state.mine && frame.running;
  for (const button of document.querySelectorAll("[data-ask]")) {
    const request = button.dataset.ask;
    const useful = frame.allowed.includes(request) || (request === "reset" && frame.estop.pressed);
    button.disabled = !(free && useful);
  }
  by("stop").classList.toggle("pressed", frame.estop.pressed);
  by("take").hidden = !state.connected || state.mine;
  text("seat", state.mine ? "This page has the controls." : frame.taken ? `Page ${frame.taken} has the controls.` : "Nobody has the controls.");
  for (const id of ["move", "turn"]) by(id).classList.toggle("off", !free);
  const [ahead, left, turn] = frame.held;
  const moves = frame.held.some((value) => value !== 0);
  const ignored = !moves && state.mine && drive.held().some((value) => value !== 0);
  text("held", ignored ? "held, but it does not count: let go first" : moves ? `${number(ahead, 2)} m/s ahead, ${number(left, 2)} left, ${number(turn, 2)} rad/s` : "nothing held");
  text("way", `Velocities go ${frame.way}.`);
  by("recording").disabled = !(state.connected && state.mine) || (!frame.recording.on && Boolean(frame.recording.why_not));
  text("recording", frame.recording.on ? "End the recording" : "Record");
  const recording = frame.recording;
  const also = recording.by_up ? "surefoot up records already. " : "";
  text("recorded", recording.on ? `${recording.file}: ${number(recording.bytes, 1, 1e-6)} MB` : also + recording.why_not);
}

function figures(frame) {
  text("speed", number(frame.measured && Math.hypot(frame.measured[0], frame.measured[1]), 2));
  text("tilt", number(frame.tilt_rad, 0, 180 / Math.PI));
  text("volts", number(frame.battery_v, 1));
  text("warmest", frame.motors_c ? number(Math.max(...frame.motors_c), 0) : "–");
}

function health(frame) {
  const rows = [
    ["battery", Number.isFinite(frame.battery_v) ? `${number(frame.battery_v, 1)} V` : "not reported"],
    ["motors", frame.motors_c ? "temperature, °C" : "temperatures are not reported"],
    ...(frame.faults.length ? [["faults", frame.faults.join("; ")]] : []),
    ...(frame.ages_s ? [["ages", `sample ${age(frame.ages_s[0])}, targets ${age(frame.ages_s[1])}, velocity ${age(frame.ages_s[2])}`]] : []),
  ];
  const list = by("power");
  if (list.children.length !== 2 * rows.length) {
    list.replaceChildren(...rows.flatMap(() => [document.createElement("dt"), document.createElement("dd")]));
  }
  rows.flat().forEach((words, index) => { if (list.children[index].textContent !== words) list.children[index].textContent = words; });
  motors(frame.motors_c);
  const body = by("loops");
  const loops = Object.entries(frame.loops).map(([name, loop]) => [name, `${loop.rate_hz} Hz`, loop.late, loop.lost]);
  while (body.rows.length > loops.length) body.deleteRow(-1);
  loops.forEach((cells, index) => {
    const row = body.rows[index] ?? body.insertRow();
    cells.forEach((cell, column) => { (row.cells[column] ?? row.insertCell()).textContent = cell; });
  });
}

const age = (seconds) => (Number.isFinite(seconds) ? `${(1000 * seconds).toFixed(0)} ms` : "none");

function motors(degrees) {
  const box = by("motors");
  if (!degrees) { box.replaceChildren(); return; }
  const legs = ["FL", "FR", "RL", "RR"], joints = ["hip", "thigh", "calf"];
  if (!box.children.length) {
    box.replaceChildren(...legs.map((leg) => {
      const cell = document.createElement("div"), name = document.createElement("b");
      name.textContent = leg;
      cell.append(name, ...joints.map((joint) => {
        const row = document.createElement("span");
        row.append(joint, document.createElement("em"));
        return row;
      }));
      return cell;
    }));
  }
  box.querySelectorAll("em").forEach((cell, index) => { cell.textContent = number(degrees[index], 0); });
}

// Late ticks are counted by the processes: what is shown is how many came within the last second.
function plot(frame) {
  const now = performance.now() / 1000;
  const counts = ["link", "supervisor"].map((name) => frame.loops[name]?.late ?? NaN);
  state.late.push([now, counts]);
  while (state.late.length > 1 && state.late[0][0] < now - 1) state.late.shift();
  const before = state.late[0][1];
  plots.speed.add(now, [frame.commanded?.[0] ?? NaN, frame.measured?.[0] ?? NaN]);
  plots.turn.add(now, [frame.commanded?.[2] ?? NaN, frame.measured?.[2] ?? NaN]);
  plots.tilt.add(now, [(frame.tilt_rad ?? NaN) * 180 / Math.PI]);
  plots.late.add(now, counts.map((count, index) => Math.max(0, count - before[index])));
}

function happened(event) {
  const row = document.createElement("li"), at = document.createElement("time"), what = document.createElement("span");
  at.textContent = new Date(1000 * event.at_s).toLocaleTimeString([], { hour12: false });
  what.textContent = event.text;
  what.className = event.kind;
  row.append(at, what);
  by("events").prepend(row);
  while (by("events").children.length > MOST_EVENTS) by("events").lastElementChild.remove();
  if (event.kind === "said" || event.kind === "warn") text("said", event.text);
}

let pressed = -Infinity;
by("stop").addEventListener("pointerdown", () => { pressed = performance.now(); stop("stop"); });
// By the keyboard, or by whatever else presses buttons: better twice than not at all.
by("stop").addEventListener("click", () => { if (performance.now() - pressed > SILENT_MS) stop("stop"); });
by("damp").addEventListener("click", () => stop("damp"));
for (const button of document.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", () => { ask(button.dataset.ask); button.blur(); });
}
by("take").addEventListener("click", () => say({ kind: "take" }));
by("recording").addEventListener("click", () => say({ kind: "record", on: !state.frame?.recording.on }));
by("share").addEventListener("input", (event) => {
  drive.share = event.target.value / 100;
  text("share-text", `${event.target.value} %`);
  beat();
});
by("door").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", by("token").value);
  by("token").value = "";
  if (!say({ kind: "hello", token: token() })) connect();
});
addEventListener("pagehide", () => state.socket?.close());
setInterval(() => {
  if (hangs()) { text("link", "no news from the robot"); drive.letGo(); }
  // Counted: where the page itself was held up, its messages are still to come.
  if (state.connected && ++state.quiet > MOST_QUIET) renew();
}, LOOK_MS);
setInterval(() => { if (!document.hidden) Object.values(plots).forEach((each) => each.draw(performance.now() / 1000)); }, PLOT_MS);
connect();
