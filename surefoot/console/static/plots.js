// Lines over the last half minute, on a canvas.
const SPAN_S = 30;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Plot {
  #points = [];

  // `least`: the smallest range that is shown, [low, high]; `colors`: one variable of the style sheet per line.
  constructor(id, least, colors) {
    this.canvas = document.getElementById(id);
    this.least = least;
    this.colors = colors;
  }

  add(seconds, values) {
    this.#points.push([seconds, values]);
    while (this.#points.length && this.#points[0][0] < seconds - SPAN_S) this.#points.shift();
  }

  draw(now) {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (!width) return;
    if (this.canvas.width !== Math.round(width * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const known = this.#points.flatMap(([, values]) => values.filter(Number.isFinite));
    const low = Math.min(this.least[0], ...known), high = Math.max(this.least[1], ...known);
    const left = 38, top = 6, bottom = height - 6;
    const x = (seconds) => left + (width - left) * (1 - (now - seconds) / SPAN_S);
    const y = (value) => bottom - (bottom - top) * (value - low) / (high - low);
    this.#frame(pen, low, high, left, width, y);
    this.colors.forEach((color, line) => {
      pen.strokeStyle = css(color);
      pen.lineWidth = 1.6;
      pen.beginPath();
      let drawing = false;
      for (const [seconds, values] of this.#points) {
        if (!Number.isFinite(values[line])) { drawing = false; continue; }
        pen[drawing ? "lineTo" : "moveTo"](x(seconds), y(values[line]));
        drawing = true;
      }
      pen.stroke();
    });
  }

  #frame(pen, low, high, left, width, y) {
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    const marks = low < 0 ? [low, 0, high] : [low, (low + high) / 2, high];
    for (const mark of marks) {
      pen.strokeStyle = css("--line");
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(left, y(mark));
      pen.lineTo(width, y(mark));
      pen.stroke();
      pen.fillStyle = css("--faint");
      pen.fillText(Math.abs(mark) >= 10 || Number.isInteger(mark) ? mark.toFixed(0) : mark.toFixed(2), left - 6, Math.max(8, y(mark)));
    }
  }
}
