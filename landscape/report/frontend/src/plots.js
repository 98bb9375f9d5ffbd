// How every drawing looks, and what a click in one does.
import * as Plot from "@observablehq/plot";
import { aimsAtReal, axes, cellLabel, level, score, scores, trials } from "./data.js";
import { number, tick } from "./format.js";
import { set, state } from "./state.js";

export { Plot };

export function scale(name, values) {
  const about = scores.get(name);
  const finite = values.filter((v) => v !== null && Number.isFinite(v));
  const low = Math.min(...finite), high = Math.max(...finite);
  const spread = low > 0 && high / low > 8;
  return { type: finite.length && low > 0 && (about?.log || spread) ? "log" : "linear", tickFormat: tick, grid: true, label: null, ticks: 6 };
}

export const hint = (name) => (aimsAtReal(name) ? ", best where real data are" : ({ lower: ", lower is better", higher: ", higher is better" })[scores.get(name)?.direction] ?? "");
// What real data score against other real data, as a list of one value or of none.
export const realAgainstReal = (name) => [scores.get(name)?.floor].filter((v) => v !== null && v !== undefined);
export const color = (i, axis = 0) => axes[axis]?.levels[level(i, axis)] ?? "#7F8794";

export function title(i, ...more) {
  const lines = [cellLabel(trials.cell[i]), `${state.score} ${number(score(i, state.score))}`, ...more];
  return [...lines, `${trials.digest[i]} (${trials.status[i]}): click for more`].map((line) => (line.length > 90 ? `${line.slice(0, 88)}…` : line)).join("\n");
}

// A drawing whose data are trials: a click opens the nearest one. It is an image with a text; the table of trials gives the same to a keyboard.
export function draw(place, label, options) {
  const width = Math.max(260, Math.floor(place.clientWidth || 640));
  const svg = Plot.plot({ width, marginTop: 14, marginBottom: 34, inset: 6, style: { background: "transparent", fontSize: "12px", overflow: "visible" }, ...options });
  const drawing = svg.tagName === "FIGURE" ? svg.querySelector("svg") : svg;
  for (const part of drawing.querySelectorAll("[aria-label], [aria-description]")) {
    part.removeAttribute("aria-label"); // an image has one name; names of its parts would be read one by one
    part.removeAttribute("aria-description");
  }
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", label);
  svg.addEventListener("click", () => {
    const found = svg.value;
    if (typeof found === "number") set({ trial: trials.digest[found] });
    else if (found && typeof found.trial === "number") set({ trial: trials.digest[found.trial] });
  });
  place.replaceChildren(svg);
  return svg;
}
