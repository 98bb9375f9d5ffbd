// Quality against diversity: two scores of every trial, and those that no other trial dominates.
import { cost, data, everyTrial, finished, isSearch, score, scores } from "./data.js";
import { choice, element, fill, note } from "./dom.js";
import { plural } from "./format.js";
import { Plot, color, draw, hint, realAgainstReal, scale, title } from "./plots.js";
import { anySelected, isSelected, passes, set, state } from "./state.js";

const names = [...scores.keys()];
const find = (...starts) => starts.flatMap((start) => names.filter((name) => name.toLowerCase().startsWith(start)))[0];

export function drawFronts(place) {
  if (names.length < 2) return fill(place, note("The protocol has one score: there is nothing to set against it."));
  const x = scores.has(state.x) ? state.x : data.score;
  const y = scores.has(state.y) ? state.y : find("recall", "coverage", "ms-ssim") ?? names.find((name) => name !== x);
  const points = everyTrial.filter((i) => isSearch(i) && finished(i) && passes(i) && score(i, x) !== null && score(i, y) !== null);
  const options = names.map((name) => [name, name]);
  const plot = element("div", { class: "plot" });
  const best = front(points, x, y);
  fill(place, element("div", { class: "controls" }, choice("Across", options, x, (value) => set({ x: value })), choice("Up", options, y, (value) => set({ y: value }))), plot,
    note(`${plural(points.length, "trial")}. The line joins the ${plural(best.length, "trial")} that no other one dominates (as good in both scores and better in one); chance decides part of it. Dashes: real against real.`));
  if (!points.length) return;
  const back = anySelected() ? points.filter((i) => !isSelected(i)) : [];
  const front_ = anySelected() ? points.filter(isSelected) : points;
  const at = { x: (i) => score(i, x), y: (i) => score(i, y) };
  const r = points.length > 1500 ? 2 : 3.2;
  draw(plot, `${y} against ${x} of every trial.`, {
    height: 420, marginLeft: 60,
    x: { ...scale(x, points.map(at.x)), label: x + hint(x) }, y: { ...scale(y, points.map(at.y)), label: y + hint(y) },
    marks: [
      Plot.dot(back, { ...at, r, fill: (i) => color(i), fillOpacity: 0.14 }),
      Plot.dot(front_, { ...at, r, fill: (i) => color(i), fillOpacity: 0.75 }),
      Plot.ruleX(realAgainstReal(x), { strokeDasharray: "4 3" }), Plot.ruleY(realAgainstReal(y), { strokeDasharray: "4 3" }),
      Plot.line(best, { ...at, stroke: "currentColor", strokeWidth: 1.4, curve: "linear" }),
      Plot.tip(points, Plot.pointer({ ...at, fill: "var(--card)", title: (i) => title(i) })),
    ],
  });
}

// Trials that no other one is at least as good as in both scores and better in one, in order of the first.
export function front(points, x, y) {
  const of = (i, name) => cost(score(i, name), name);
  const ordered = [...points].sort((a, b) => of(a, x) - of(b, x) || of(a, y) - of(b, y));
  const found = [];
  for (const i of ordered) if (!found.length || of(i, y) < of(found.at(-1), y)) found.push(i);
  return found;
}
