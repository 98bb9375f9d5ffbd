// The searched settings: the score against one, against two, and all of them at once.
import { everyTrial, finished, isSearch, ranked, score, scores, settings, trials } from "./data.js";
import { choice, element, fill, note } from "./dom.js";
import { plural, tick } from "./format.js";
import { Plot, color, draw, hint, realAgainstReal, scale, title } from "./plots.js";
import { anySelected, isSelected, passes, set, state } from "./state.js";

const value = (i, name) => trials.values[name]?.[i] ?? null;
const having = (name) => everyTrial.filter((i) => value(i, name) !== null).length;
// Those that most trials have come first, of these the ones that were searched on a logarithmic scale.
const numeric = [...settings.values()].filter((one) => one.kind !== "text").sort((a, b) => having(b.name) - having(a.name) || b.log - a.log);
const along = (name) => ({ type: settings.get(name)?.log ? "log" : "linear", tickFormat: tick, grid: true, label: name, ticks: 6 });

export function drawSurfaces(place) {
  if (!numeric.length) return fill(place, note("No numeric setting varied between the trials."));
  const first = settings.has(state.setting) ? state.setting : numeric[0].name;
  const second = settings.has(state.setting2) && state.setting2 !== first ? state.setting2 : numeric.find((one) => one.name !== first)?.name;
  const points = everyTrial.filter((i) => isSearch(i) && finished(i) && passes(i) && score(i, state.score) !== null && value(i, first) !== null);
  const options = numeric.map((one) => [one.name, one.name]);
  const plots = [element("div", { class: "plot" }), element("div", { class: "plot" }), element("div", { class: "plot" })];
  fill(place, element("div", { class: "controls" }, choice("Setting", options, first, (chosen) => set({ setting: chosen })),
    second ? choice("and", options, second, (chosen) => set({ setting2: chosen })) : null),
    element("div", { class: "figures" }, plots[0], second ? plots[1] : null), element("h3", {}, "All settings at once"), plots[2],
    note(`${plural(points.length, "trial")}. No trend is drawn: other settings vary along. Dashes: real against real. In the drawing of two settings, large and dark is good. In the last one, a line is a trial: the best tenth stand out.`));
  if (!points.length) return;
  one(plots[0], points, first);
  if (second) two(plots[1], points.filter((i) => value(i, second) !== null), first, second);
  parallel(plots[2], points);
}

function one(place, points, name) {
  const at = { x: (i) => value(i, name), y: (i) => score(i, state.score) };
  draw(place, `${state.score} against ${name}.`, {
    height: 300, marginLeft: 56, x: along(name), y: { ...scale(state.score, points.map(at.y)), label: state.score + hint(state.score) },
    marks: [
      Plot.ruleY(realAgainstReal(state.score), { strokeDasharray: "4 3" }),
      Plot.dot(points, { ...at, r: 2.8, fill: (i) => color(i), fillOpacity: (i) => (anySelected() && !isSelected(i) ? 0.12 : 0.7) }),
      Plot.tip(points, Plot.pointer({ ...at, fill: "var(--card)", title: (i) => title(i, `${name} ${tick(value(i, name))}`) })),
    ],
  });
}

// Ranks from 0 (best) to 1: a color scale that no outlier takes over.
function ranks(points) {
  const order = ranked(state.score, points);
  return new Map(order.map((i, k) => [i, k / Math.max(1, order.length - 1)]));
}

function two(place, points, x, y) {
  const rank = ranks(points);
  const at = { x: (i) => value(i, x), y: (i) => value(i, y) };
  draw(place, `Good and bad trials by ${x} and ${y}.`, {
    height: 300, marginLeft: 56, x: along(x), y: along(y), r: { type: "identity" },
    marks: [
      Plot.dot(points, { ...at, r: (i) => 6 - 4 * rank.get(i), fill: "var(--accent)", fillOpacity: (i) => (anySelected() && !isSelected(i) ? 0.05 : 0.85 - 0.72 * rank.get(i)), sort: (i) => -rank.get(i) }),
      Plot.tip(points, Plot.pointer({ ...at, fill: "var(--card)", title: (i) => title(i, `${x} ${tick(value(i, x))}`, `${y} ${tick(value(i, y))}`) })),
    ],
  });
}

const MOST_LINES = 600;

/** A long name in lines of at most `most` characters, broken after a dot, bracket, colon or underscore where there is one. */
const inLines = (most) => (name) => {
  const pieces = name.match(new RegExp(`.{1,${most - 1}}(?:[.[:_]|$)|.{1,${most}}`, "g")) ?? [name];
  return (pieces.length > 5 ? [...pieces.slice(0, 4), `${pieces[4].slice(0, most - 2)}…`] : pieces).join("\n");
};

function parallel(place, points) {
  const shown = numeric.map((one) => one.name).filter((name) => points.filter((i) => value(i, name) !== null).length > points.length / 4).slice(0, 8);
  const rank = ranks(points);
  const best = ranked(state.score, points);
  const drawn = best.filter((_, k) => k < best.length / 10 || k % Math.ceil(best.length / MOST_LINES) === 0).reverse();
  const columns = [state.score, ...shown];
  const raw = (i, name) => (name === state.score ? score(i, name) : value(i, name));
  const ends = new Map(columns.map((name) => {
    const all = points.map((i) => raw(i, name)).filter((v) => v !== null);
    const log = (name === state.score ? scores.get(name)?.log : settings.get(name)?.log) && Math.min(...all) > 0;
    const use = log ? Math.log : (v) => v;
    return [name, { use, low: use(Math.min(...all)), high: use(Math.max(...all)), text: [Math.min(...all), Math.max(...all)] }];
  }));
  const rows = drawn.flatMap((i) => columns.map((name) => {
    const { use, low, high } = ends.get(name);
    const v = raw(i, name);
    return { trial: i, name, y: v === null ? null : high > low ? (use(v) - low) / (high - low) : 0.5 };
  })).filter((p) => p.y !== null); // a line passes over the settings that its trial does not have

  const labels = columns.flatMap((name) => [{ name, y: -0.07, text: tick(Number(ends.get(name).text[0].toPrecision(3))) }, { name, y: 1.07, text: tick(Number(ends.get(name).text[1].toPrecision(3))) }]);
  draw(place, "All settings of the trials at once; the table of trials holds the numbers.", {
    height: 320, marginLeft: 30, marginRight: 30, marginBottom: 76, x: { domain: columns, type: "point", label: null, tickFormat: inLines(Math.max(8, Math.min(22, Math.floor((place.clientWidth - 60) / columns.length / 6.4)))), tickRotate: 0 }, y: { axis: null, domain: [-0.1, 1.1] },
    marks: [
      Plot.ruleX(columns, { x: (name) => name, strokeOpacity: 0.3 }),
      Plot.line(rows, { x: "name", y: "y", z: "trial", stroke: (p) => color(p.trial), strokeOpacity: (p) => (anySelected() && !isSelected(p.trial) ? 0.03 : rank.get(p.trial) < 0.1 ? 0.9 : 0.22), strokeWidth: (p) => (rank.get(p.trial) < 0.1 ? 1.6 : 0.8), curve: "monotone-x" }),
      Plot.text(labels, { x: "name", y: "y", text: "text", fill: "currentColor" }),
    ],
  });
}
