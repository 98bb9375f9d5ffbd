// Every trial: a table that sorts and scrolls through thousands, or cards on a narrow screen.
import { FormatModule, FrozenColumnsModule, InteractionModule, ResizeColumnsModule, SortModule, Tabulator } from "tabulator-tables";
import { arrow, axes, cellLabel, everyTrial, level, ranked, score, scores, settings, trials } from "./data.js";
import { element, fill, note } from "./dom.js";
import { count, duration, interval, number, plural } from "./format.js";
import { set, shown, state } from "./state.js";

Tabulator.registerModule([SortModule, FormatModule, InteractionModule, ResizeColumnsModule, FrozenColumnsModule]);
const narrow = () => matchMedia("(max-width: 640px)").matches;
const WRITE = { number, count, text: (value) => (value === null ? "–" : String(value)) };
let table = null, built = null, ready = null;

export function drawTrials(place) {
  const order = [...ranked(state.score), ...everyTrial.filter((i) => score(i, state.score) === null)].filter(shown);
  if (narrow()) {
    table = null;
    return cards(place, order, 20);
  }
  const columns = columnsOf(state.score);
  if (table && built === state.score && document.contains(table.element)) {
    ready.then(() => table.replaceData(rows(order)));
    return;
  }
  const box = element("div", { class: "grid" });
  fill(place, box);
  built = state.score;
  table = new Tabulator(box, {
    data: rows(order), columns: columns.map(({ read, ...rest }) => rest), layout: "fitDataFill", height: Math.min(620, 60 + 36 * Math.max(3, order.length)), index: "trial", columnDefaults: { resizable: true, headerSortTristate: true }, placeholder: "No trial passes the filters.",
  });
  ready = new Promise((done) => table.on("tableBuilt", done));
  table.on("rowClick", (event, row) => { if (!event.target.closest("a")) set({ trial: trials.digest[row.getData().trial] }); });
  table.on("tableBuilt", () => {
    const holder = box.querySelector(".tabulator-tableholder");
    // Rows lie in a box that scrolls; of a grid's children only groups of rows are allowed.
    box.removeAttribute("aria-owns");
    box.setAttribute("aria-label", "All trials");
    holder.setAttribute("role", "rowgroup");
    box.querySelector(".tabulator-table").setAttribute("role", "presentation");
  });
}

// What is shown as a CSV file: every column of the table, unrounded.
export function downloadShown() {
  const order = [...ranked(state.score), ...everyTrial.filter((i) => score(i, state.score) === null)].filter(shown);
  const columns = columnsOf(state.score);
  // Text that a spreadsheet would run as a formula gets a quote before it.
  const field = (value) => {
    const text = value === null ? "" : typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.map((one) => field(one.title)), ...order.map((i) => columns.map((one) => field(one.read(i))))].map((line) => line.join(","));
  const link = element("a", { href: URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" })), download: "trials_shown.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const rows = (order) => order.map((i) => ({ trial: i }));

// Rows hold a trial's number alone; what a column shows and sorts by is looked up. Absent values stay last in either direction.
function column(title, field, value, write, options = {}) {
  const sorter = (a, b, rowA, rowB, _, direction) => {
    const [x, y] = [value(rowA.getData().trial), value(rowB.getData().trial)];
    if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0) ? ((x === null ? 1 : -1) * (direction === "asc" ? 1 : -1)) : 0;
    return typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
  };
  const numeric = write !== WRITE.text;
  return { title, read: value, titleFormatter: (cell) => element("span", {}, cell.getValue()), field, sorter, formatter: (cell) => element("span", {}, write(value(cell.getRow().getData().trial))), hozAlign: numeric ? "right" : "left", headerHozAlign: numeric ? "right" : "left", ...options };
}

function columnsOf(name) {
  const others = [...scores.keys()].filter((one) => one !== name);
  const scoreColumn = (one) => column(one + arrow(one), `score:${one}`, (i) => score(i, one), scores.get(one)?.counted ? count : number);
  const link = { formatter: (cell) => anchor(cell.getRow().getData().trial), frozen: true };
  return [
    column("Trial", "digest", (i) => trials.digest[i], WRITE.text, link),
    ...(scores.has(name) ? [scoreColumn(name)] : []),
    ...axes.map((axis, k) => column(axis.label, `axis:${axis.name}`, (i) => level(i, k), WRITE.text, { maxInitialWidth: 260 })),
    column("Status", "status", (i) => trials.status[i], WRITE.text),
    column("Role", "role", (i) => trials.role[i], WRITE.text),
    ...others.map(scoreColumn),
    column("D steps", "d_steps", (i) => trials.d_steps[i], count),
    column("Time", "seconds", (i) => trials.seconds[i], duration),
    column("Seed", "seed", (i) => trials.seed[i], WRITE.text),
    ...[...settings.values()].map((one) => column(one.name, `set:${one.name}`, (i) => trials.values[one.name][i], WRITE[one.kind] ?? WRITE.text, { maxInitialWidth: 260 })),
  ];
}

function anchor(i) {
  return element("a", { href: `#trial=${trials.digest[i]}`, onclick: (event) => { event.preventDefault(); set({ trial: trials.digest[i] }); } }, trials.digest[i]);
}

// Name and score first.
function cards(place, order, most) {
  const list = element("ul", { class: "cards" }, ...order.slice(0, most).map((i) => {
    const low = trials.low[state.score]?.[i], high = trials.high[state.score]?.[i];
    const main = score(i, state.score) === null ? trials.status[i] : `${state.score} ${number(score(i, state.score))} ${interval(low, high)}`;
    return element("li", {}, element("button", { type: "button", onclick: () => set({ trial: trials.digest[i] }) }, element("b", {}, cellLabel(trials.cell[i])), element("span", {}, main),
      element("small", {}, `${trials.digest[i]} · ${trials.status[i]} · ${duration(trials.seconds[i])}`)));
  }));
  const rest = order.length - most;
  fill(place, note(`${plural(order.length, "trial")}, the best first.`), list, rest > 0 ? element("button", { type: "button", class: "plain", onclick: () => cards(place, order, most + 50) }, `Show more of the ${count(rest)} others`) : null);
}
