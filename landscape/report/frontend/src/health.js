// Learning curves of the trials that matter: the chosen ones, or the best, a typical and the first that diverged.
import uPlot from "uplot";
import { cellLabel, chosenFirst, curve, curveLabel, curveNames, data, everyTrial, isSearch, ranked, trials } from "./data.js";
import { choice, element, fill, note } from "./dom.js";
import { tick } from "./format.js";
import { anySelected, set, shown, state } from "./state.js";

const COLORS = ["#0072B2", "#E69F00", "#B3261E", "#009E73", "#CC79A7", "#56B4E9"];
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 4]];

export function drawHealth(place) {
  if (!curveNames.length) return fill(place, note("No trial recorded learning curves."));
  const name = curveNames.includes(state.curve) ? state.curve : curveNames[0];
  const picked = chosen();
  const plot = element("div", { class: "curve" });
  fill(place, element("div", { class: "controls" }, choice("Curve", curveNames.map((one) => [one, curveLabel(one)]), name, (value) => set({ curve: value }))), plot,
    note(anySelected() ? "The best trials of the selected cells. One trial a line: no interval." : "The best trial, the one with the median score, and the first that diverged. One trial a line: no interval."));
  drawCurves(plot, name, picked);
}

function chosen() {
  const search = everyTrial.filter((i) => isSearch(i) && shown(i));
  const best = chosenFirst(search), middle = ranked(data.score, search);
  if (anySelected()) return best.slice(0, COLORS.length).map((i) => [i, cellLabel(trials.cell[i])]);
  const diverged = search.find((i) => trials.status[i] === "diverged");
  const found = [[best[0], "best"], [middle[Math.floor(middle.length / 2)], "typical"], [diverged, "diverged"]];
  return found.filter(([i], k) => i !== undefined && found.findIndex(([j]) => j === i) === k);
}

// One drawing with a line a trial; uPlot draws on a canvas, so thousands of points cost little.
export function drawCurves(place, name, picked, height = 260) {
  const lines = picked.map(([i, label]) => [curve(i, name), label]).filter(([points]) => points);
  if (!lines.length) return fill(place, note("These trials recorded no such curve."));
  const ink = getComputedStyle(document.body).color, grid = getComputedStyle(document.body).getPropertyValue("--grid");
  const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, values: (_, all) => all.map(tick) };
  const calm = lines.filter(([, label]) => label !== "diverged").flatMap(([points]) => points[1]);
  const range = calm.length ? [Math.min(...calm), Math.max(...calm)] : null;
  const reach = range ? Math.max(range[1] - range[0], 1e-12) : 0;
  place.replaceChildren();
  new uPlot({
    width: Math.max(260, place.clientWidth), height, legend: { show: true, live: false }, cursor: { show: false },
    scales: { x: { time: false }, y: range ? { range: [range[0] - 0.1 * reach, range[1] + 0.3 * reach] } : {} },
    axes: [{ ...axis, label: "D steps", labelSize: 22 }, { ...axis, size: 60, label: curveLabel(name), labelSize: 22 }],
    series: [{}, ...lines.map(([, label], k) => ({ label: label.length > 60 ? `${label.slice(0, 59)}…` : label, stroke: COLORS[k % COLORS.length], dash: DASHES[k % DASHES.length], width: 1.6, points: { show: false }, spanGaps: true }))],
  }, uPlot.join(lines.map(([points]) => points)), place);
  const canvas = place.querySelector("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${curveLabel(name)} against D steps: ${lines.map(([, label]) => label).join("; ")}.`);
}
