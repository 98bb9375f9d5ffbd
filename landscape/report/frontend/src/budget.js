// The expected best score against what is spent, and how many trials a typed score takes.
import { axes, data, sign } from "./data.js";
import { choice, element, fill, named, note } from "./dom.js";
import { duration, number } from "./format.js";
import { Plot, draw, hint, realAgainstReal, scale } from "./plots.js";
import { set, state } from "./state.js";

const AGAINST = { trials: "models trained", steps: "D steps in all", seconds: "computing time, seconds" };

export function drawBudget(place) {
  const lines = data.budget[state.by] ?? data.budget[""];
  if (!lines?.length) return fill(place, note("No search trial has a score yet."));
  const name = data.score;
  const at = (line, k) => (state.against === "trials" ? line.trials[k] : state.against === "seconds" ? line.seconds[k] : line.trials[k] * line.steps);
  const points = lines.flatMap((line) => line.trials.map((_, k) => ({ level: line.level, x: at(line, k), y: line.expected[k], low: line.low[k], high: line.high[k] }))).filter((p) => p.x > 0 && p.y !== null);
  const colors = axes.find((axis) => axis.name === state.by)?.levels ?? {};
  const stroke = (p) => colors[p.level] ?? "var(--accent)";
  const plot = element("div", { class: "plot" });
  const typed = element("input", { type: "number", step: "any", inputmode: "decimal", value: state.target || null, onchange: () => set({ target: typed.value }) });
  const controls = element("div", { class: "controls" },
    choice("Against", Object.entries(AGAINST), state.against, (value) => set({ against: value })),
    choice("By", [["", "all trials"], ...axes.map((axis) => [axis.name, axis.label])], state.by, (value) => set({ by: value })),
    named(`Trials to reach ${name} of`, typed));
  fill(place, controls, plot, state.target ? reach(lines, Number(state.target), name) : null,
    note(`Exact expected best of k of the trials run, k at most half of them, of ${name}. Bands: 95%, Bayesian bootstrap, for 2 ≤ k ≤ n/5, where its coverage was shown. A diverged trial counts as the worst score of the study.`));
  const banded = points.filter((p) => p.low !== null && p.high !== null);
  draw(plot, `Expected best ${name} against ${AGAINST[state.against]}.`, {
    height: 340, marginLeft: 56, marginRight: 20,
    x: { type: "log", label: AGAINST[state.against], grid: true, tickFormat: (v) => (state.against === "seconds" ? duration(v) : number(v).replace(/\.\d+$/, "")), ticks: 6 },
    y: { ...scale(name, points.flatMap((p) => [p.y, p.low, p.high])), label: `expected best ${name}${hint(name)}` },
    marks: [
      Plot.areaY(banded, { x: "x", y1: "low", y2: "high", z: "level", fill: stroke, fillOpacity: 0.14 }),
      Plot.line(points, { x: "x", y: "y", z: "level", stroke, strokeWidth: 2 }),
      lines.length > 1 ? Plot.text(points, Plot.selectLast({ x: "x", y: "y", z: "level", text: (p) => (p.level.length > 24 ? `${p.level.slice(0, 23)}…` : p.level), textAnchor: "end", dy: -8, fill: "currentColor", stroke: "var(--card)", strokeWidth: 4 })) : null,
      Plot.ruleY(realAgainstReal(name), { strokeDasharray: "4 3" }),
      Plot.tip(points, Plot.pointer({ x: "x", y: "y", fill: "var(--card)", title: (p) => `${p.level}\n${number(p.y)}${p.low === null ? "" : ` [${number(p.low)}, ${number(p.high)}]`}` })),
    ],
  });
}

// The first k whose value on a curve is as good as the target, with the same of the band's two ends; linear between the k that were computed.
export function trialsToReach(line, target, direction) {
  const first = (values) => {
    for (let k = 0; k < values.length; k++) {
      if (values[k] === null || direction * (values[k] - target) > 0) continue;
      const before = values[k - 1];
      if (k === 0 || before === null || before === undefined || before === values[k]) return line.trials[k];
      return Math.ceil(line.trials[k - 1] + ((line.trials[k] - line.trials[k - 1]) * (before - target)) / (before - values[k]));
    }
    return null;
  };
  const [good, bad] = direction > 0 ? [line.low, line.high] : [line.high, line.low];
  return { expected: first(line.expected), soonest: first(good), latest: first(bad) };
}

function reach(lines, target, name) {
  if (!Number.isFinite(target)) return note("Type a number.");
  const items = lines.map((line) => {
    const found = trialsToReach(line, target, sign(name));
    const who = line.level === "all" ? "All trials" : line.level;
    if (found.expected === null) return element("li", {}, `${who}: not within ${number(line.trials.at(-1))} trials, half of those that were run.`);
    const band = found.soonest !== null && found.latest !== null ? `, by the band between ${found.soonest} and ${found.latest}` : "";
    const cost = line.seconds[0] ? `, about ${duration((line.seconds[0] / line.trials[0]) * found.expected)} of computing` : "";
    return element("li", {}, `${who}: the best of ${found.expected} trials is expected to reach it${band}${cost}.`);
  });
  return element("ul", { class: "reach", role: "status" }, ...items);
}
