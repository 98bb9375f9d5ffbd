// The page's data, and what the views ask of it.
export const data = JSON.parse(document.getElementById("data").textContent);
export const trials = data.trials;
export const size = trials.digest.length;
export const axes = data.axes;
export const scores = new Map(data.scores.map((score) => [score.name, score]));
export const settings = new Map(data.settings.map((setting) => [setting.name, setting]));
export const cells = trials.cells;
export const place = new Map(trials.digest.map((digest, i) => [digest, i]));
export const everyTrial = Array.from({ length: size }, (_, i) => i);

export const level = (i, axis) => cells[trials.cell[i]][axis];
export const cellLabel = (cell) => cells[cell].join(" · ") || "(no cell)";
export const score = (i, name) => trials.scores[name]?.[i] ?? null;
export const isSearch = (i) => trials.role[i] === "search";
export const finished = (i) => trials.status[i] === "completed" || trials.status[i] === "diverged";
export const sign = (name) => (scores.get(name)?.direction === "higher" ? -1 : 1);
export const aimsAtReal = (name) => scores.get(name)?.target === "real";
export const arrow = (name) => (aimsAtReal(name) ? " → real" : ({ lower: " ↓", higher: " ↑" })[scores.get(name)?.direction] ?? "");
// The value of real data where a score is best there; null for other scores.
export const goal = (name) => (aimsAtReal(name) ? scores.get(name).floor : null);
export const isDirected = (name) => goal(name) !== null || ["lower", "higher"].includes(scores.get(name)?.direction);
// A score as a cost: lower is better.
export const cost = (value, name) => (goal(name) === null ? sign(name) * value : Math.abs(value - goal(name)));

// Trials with the score, best first.
export function ranked(name, among = everyTrial) {
  return among.filter((i) => score(i, name) !== null).sort((a, b) => cost(score(a, name), name) - cost(score(b, name), name));
}

// Trials with the objective, in the order in which a selection takes them: by their score on the selection samples, where these were scored.
export function chosenFirst(among = everyTrial) {
  return among.filter((i) => trials.selection_costs[i] !== null && score(i, data.score) !== null).sort((a, b) => trials.selection_costs[a] - trials.selection_costs[b]);
}

// Curves as (step, value) columns: see landscape/report/interactive/packed_curves.py.
export function curve(i, name) {
  const packed = data.curves.trials[i]?.[name];
  if (!packed) return null;
  const [first, last, low, high, text] = packed;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const n = bytes.length / 2;
  const x = [], y = [];
  for (let k = 0; k < n; k++) {
    x.push(first + ((last - first) * k) / Math.max(1, n - 1));
    y.push(Math.sinh(low + ((high - low) * (bytes[2 * k] + 256 * bytes[2 * k + 1])) / 65535));
  }
  return [x, y];
}

const recorded = new Set(data.curves.trials.flatMap((one) => Object.keys(one)));
export const curveNames = [...Object.keys(data.curve_names).filter((name) => recorded.has(name)), ...[...recorded].filter((name) => !(name in data.curve_names))];
export const curveLabel = (name) => data.curve_names[name] ?? name.replace(/^[dg]_/, (network) => network.toUpperCase()).replaceAll("_", " ");
