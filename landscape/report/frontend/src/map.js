// The map: every cell of the study with one measure, as a table of buttons; a click selects the cell in every view.
import { arrow, axes, cellLabel, cells, data, goal, scores } from "./data.js";
import { choice, element, fill, note, separated } from "./dom.js";
import { duration, number, plural, share } from "./format.js";
import { cellPasses, set, state, toggleCell } from "./state.js";

const LONGEST_WORD = 28;
const measures = data.cells;
const OF_SCORE = { expected: `expected best of ${measures?.budget ?? 1}`, quantile: "top quantile", median: "median" };
const OTHERS = {
  healthy: ["share of healthy trials", share, "higher"],
  diverged: ["diverged trials", (v) => (v === null ? "–" : String(v)), "lower"],
  seconds: ["time a trial", duration, "lower"],
  trials: ["finished trials", (v) => String(v), "none"],
};

function chosen() {
  const other = OTHERS[state.measure];
  if (other) return { text: other[0], values: measures[state.measure], write: other[1], direction: other[2], log: state.measure === "seconds" };
  const about = scores.get(state.score);
  // Without a direction nothing is the best, and with a target the best of many is not the least of them.
  const name = about?.direction === "none" ? "median" : OF_SCORE[state.measure] ? state.measure : "expected";
  const values = measures.scores[state.score]?.[name] ?? [];
  const at = goal(state.score);
  const direction = at === null ? about?.direction ?? "lower" : "lower";
  return { text: `${OF_SCORE[name]}: ${state.score}${arrow(state.score)}`, values, write: number, direction, log: about?.log, distance: at === null ? (v) => v : (v) => Math.abs(v - at) };
}

// The axes in rows and in columns: at most a dozen columns, the table as square as may be.
function split() {
  const counts = axes.map((_, k) => new Set(cells.map((cell) => cell[k])).size);
  let best = null;
  for (let at = 0; at < axes.length; at++) {
    const columns = counts.slice(at).reduce((a, b) => a * b, 1), rows = counts.slice(0, at).reduce((a, b) => a * b, 1);
    const cost = columns > 12 ? 1e6 + columns : Math.abs(rows - 1.5 * columns);
    if (best === null || cost < best[0]) best = [cost, at];
  }
  return best ? best[1] : 0;
}

const RAMP = ["#fde725", "#b5de2b", "#6ece58", "#35b779", "#1f9e89", "#26828e", "#31688e", "#3e4989", "#482878", "#440154"];

function shade({ values, direction, log, distance = (v) => v }) {
  const known = values.filter((v) => v !== null).map(distance);
  const use = log && known.every((v) => v > 0) ? Math.log : (v) => v;
  const low = use(Math.min(...known)), high = use(Math.max(...known));
  return (value) => {
    if (value === null || direction === "none") return null;
    const v = distance(value);
    const at = high > low ? (use(v) - low) / (high - low) : 0;
    return Math.round((direction === "lower" ? at : 1 - at) * (RAMP.length - 1));
  };
}

export function drawMap(place) {
  if (!measures || !cells.length) return fill(place, note("No cell has a trial yet."));
  const found = chosen();
  const toShade = shade(found);
  const at = split();
  const key = (names) => JSON.stringify(names);
  const rows = [...new Map(cells.map((cell) => [key(cell.slice(0, at)), cell.slice(0, at)])).values()];
  const columns = [...new Map(cells.map((cell) => [key(cell.slice(at)), cell.slice(at)])).values()].sort((a, b) => key(a).localeCompare(key(b)));
  const index = new Map(cells.map((cell, i) => [key(cell), i]));
  const named = (scope, text) => element("th", { scope, class: text.split(" ").flatMap(separated).some((word) => word.length > LONGEST_WORD) ? "breaks" : null }, text || "all");
  const head = element("tr", {}, named("col", axes.slice(0, at).map((a) => a.label).join(" · ")), ...columns.map((column) => named("col", column.join(" · "))));
  const body = rows.map((row) =>
    element("tr", {}, named("row", row.join(" · ")),
      ...columns.map((column) => {
        const cell = index.get(key([...row, ...column]));
        return element("td", {}, cell === undefined ? element("span", { class: "absent" }, "–") : button(cell, found, toShade));
      })));
  const options = [...Object.entries(OF_SCORE), ...Object.entries(OTHERS).map(([name, [text]]) => [name, text])];
  const controls = element("div", { class: "controls" },
    choice("Score", [...scores.keys()].map((name) => [name, name]), state.score, (value) => set({ score: value })),
    choice("Measure", options, state.measure, (value) => set({ measure: value })),
    element("button", { type: "button", class: "plain", disabled: state.cells.size === 0, onclick: () => set({ cells: new Set() }) }, "Clear selection"));
  const table = element("table", { class: "map" }, element("caption", {}, found.text), element("thead", {}, head), element("tbody", {}, ...body));
  const selected = [...state.cells].map(cellLabel).join("; ");
  fill(place, controls, element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Map of the cells" }, table), legend(found),
    element("p", { class: "caption", role: "status" }, state.cells.size ? `${plural(state.cells.size, "cell")} selected: ${selected}. Every view below shows them alone or brings them forward.` : "Choose cells to see them in every view below."),
    note(`Expected best: of ${plural(measures.budget, "trial")} a cell, the same number for all; a diverged trial counts there as the worst score of the study. Healthy: finished trials without a symptom. A top quantile needs 6 trials.${aim(state.score)}`));
}

function aim(name) {
  const at = goal(name);
  return at === null ? "" : ` ${name} is best where real data are, at ${number(at)}: cells nearer to it are lighter.`;
}

function button(cell, found, toShade) {
  const value = found.values[cell] ?? null;
  const step = toShade(value);
  const name = `${cellLabel(cell)}: ${found.text} ${found.write(value)}, ${plural(measures.trials[cell], "trial")}`;
  const made = element("button", { type: "button", class: step === null ? "cell" : `cell shade${step}`, "aria-pressed": String(state.cells.has(cell)), "aria-label": name, title: name, "data-cell": cell,
    onclick: () => { toggleCell(cell); document.querySelector(`button[data-cell="${cell}"]`)?.focus(); } }, found.write(value));
  if (!cellPasses(cell)) made.classList.add("dimmed");
  return made;
}

function legend(found) {
  if (found.direction === "none") return null;
  const known = found.values.filter((v) => v !== null);
  if (!known.length) return null;
  const cost = (v) => (found.direction === "lower" ? 1 : -1) * (found.distance ?? ((one) => one))(v);
  const ordered = [...known].sort((a, b) => cost(a) - cost(b));
  const [better, worse] = [ordered[0], ordered.at(-1)];
  return element("div", { class: "ramp" }, element("span", {}, `better: ${found.write(better)}`),
    ...RAMP.map((_, i) => element("i", { class: `shade${i}`, "aria-hidden": "true" })), element("span", {}, `${found.write(worse)}: worse`));
}
