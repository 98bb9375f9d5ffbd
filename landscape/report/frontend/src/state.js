// What the reader has chosen. It stands in the address, so that a link shows the same; every view draws from it.
import { axes, cells, data, level, place, scores, trials } from "./data.js";

const DEFAULTS = { score: data.score ?? "", measure: "expected", strips: "0", against: "trials", by: "", target: "", x: "", y: "", setting: "", setting2: "", curve: "", status: "", role: "", trial: "" };
export const state = { ...DEFAULTS, cells: new Set(), levels: {} };
const listeners = [];
export const subscribe = (listener) => listeners.push(listener);

export function set(changes) {
  Object.assign(state, changes);
  write();
  for (const listener of listeners) listener(Object.keys(changes));
}

export function toggleCell(cell) {
  const chosen = new Set(state.cells);
  if (!chosen.delete(cell)) chosen.add(cell);
  set({ cells: chosen });
}

export const passes = (i) =>
  (!state.status || trials.status[i] === state.status) &&
  (!state.role || trials.role[i] === state.role) &&
  axes.every((axis, k) => !state.levels[axis.name] || level(i, k) === state.levels[axis.name]);
export const cellPasses = (cell) => axes.every((axis, k) => !state.levels[axis.name] || cells[cell][k] === state.levels[axis.name]);
export const isSelected = (i) => state.cells.size === 0 || state.cells.has(trials.cell[i]);
export const anySelected = () => state.cells.size > 0;
export const shown = (i) => passes(i) && isSelected(i);

const cellKey = (cell) => cells[cell].map((name) => encodeURIComponent(name)).join("~");
const cellOf = new Map(cells.map((_, i) => [cellKey(i), i]));

function write() {
  const found = new URLSearchParams();
  for (const [key, value] of Object.entries(DEFAULTS)) if (state[key] !== value) found.set(key, state[key]);
  for (const [axis, value] of Object.entries(state.levels)) if (value) found.set(`axis.${axis}`, value);
  if (state.cells.size) found.set("cells", [...state.cells].map(cellKey).join("|"));
  const text = found.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

// What the address says; nothing else in it is believed than names that the study has.
export function read() {
  const found = new URLSearchParams(location.hash.slice(1));
  Object.assign(state, DEFAULTS, { cells: new Set(), levels: {} });
  for (const key of Object.keys(DEFAULTS)) if (found.has(key)) state[key] = found.get(key);
  if (!scores.has(state.score)) state.score = DEFAULTS.score;
  if (state.trial && !place.has(state.trial)) state.trial = "";
  for (const axis of axes) {
    const value = found.get(`axis.${axis.name}`);
    if (value !== null && value in axis.levels) state.levels[axis.name] = value;
  }
  for (const key of (found.get("cells") ?? "").split("|")) if (cellOf.has(key)) state.cells.add(cellOf.get(key));
}
