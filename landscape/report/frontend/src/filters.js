// Filters above the views: levels of the axes, status and role. They and the selected cells hold everywhere.
import { axes, everyTrial, trials } from "./data.js";
import { choice, element, fill } from "./dom.js";
import { count } from "./format.js";
import { set, shown, state } from "./state.js";

const values = (column) => [...new Set(column)].sort();

export function drawFilters(place) {
  const all = [["", "all"]];
  const choices = axes.map((axis) =>
    choice(axis.label, [...all, ...Object.keys(axis.levels).map((name) => [name, name])], state.levels[axis.name] ?? "", (value) => set({ levels: { ...state.levels, [axis.name]: value } })));
  const active = state.cells.size || state.status || state.role || Object.values(state.levels).some(Boolean);
  fill(place, ...choices,
    choice("Status", [...all, ...values(trials.status).map((name) => [name, name])], state.status, (value) => set({ status: value })),
    choice("Role", [...all, ...values(trials.role).map((name) => [name, name])], state.role, (value) => set({ role: value })),
    element("output", {}, `${count(everyTrial.filter(shown).length)} of ${count(everyTrial.length)} trials`),
    element("button", { type: "button", class: "plain", disabled: !active, onclick: () => set({ cells: new Set(), levels: {}, status: "", role: "" }) }, "Show all"));
}
