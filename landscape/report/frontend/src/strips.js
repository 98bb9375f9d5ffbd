// Every trial's score by level of an axis, on one scale: dots, a box of the best 5%, diverged trials at the bad end.
import { aimsAtReal, axes, cellLabel, everyTrial, finished, isDirected, isSearch, level, ranked, score, sign, size, trials } from "./data.js";
import { choice, element, fill, note } from "./dom.js";
import { count, plural } from "./format.js";
import { Plot, color, draw, hint, realAgainstReal, scale, title } from "./plots.js";
import { anySelected, isSelected, passes, set, state } from "./state.js";

const CELLS = "cells";

export function drawStrips(place) {
  const name = state.score;
  const among = everyTrial.filter((i) => isSearch(i) && finished(i) && passes(i));
  const scored = among.filter((i) => score(i, name) !== null);
  if (!scored.length) return fill(place, controls(), note("No trial of this choice has this score."));
  const axis = state.strips === CELLS ? -1 : Math.min(Number(state.strips) || 0, axes.length - 1);
  const group = (i) => (axis < 0 ? cellLabel(trials.cell[i]) : level(i, axis));
  const order = groups(ranked(name, scored), group);
  const plot = element("div", { class: "plot" });
  fill(place, controls(), plot, note(words(among, scored, name)));
  const labels = [...order.keys()];
  const margin = Math.min(plot.clientWidth * 0.38, 8 + 6.6 * Math.max(...labels.map((text) => Math.min(text.length, 44))));
  const dot = size > 1500 ? 1.8 : 2.8;
  const y = (i) => group(i);
  const top = !isDirected(name) || aimsAtReal(name) ? [] : [...order.values()].map((members) => members.slice(0, 2 * Math.max(5, Math.ceil(0.05 * count0(among, group, group(members[0])))) - 1));
  const boxes = top.map((members) => ({ y: group(members[0]), from: score(members[0], name), to: score(members.at(-1), name), middle: score(members[Math.floor((members.length - 1) / 2)], name) }));
  const x = scale(name, scored.map((i) => score(i, name)));
  const diverged = among.filter((i) => trials.status[i] === "diverged");
  const worst = sign(name) > 0 ? Math.max(...scored.map((i) => score(i, name))) : Math.min(...scored.map((i) => score(i, name)));
  const jitter = (i) => ((i * 0.618034) % 1 - 0.5) * 12;
  draw(plot, `Every trial's ${name} by ${axis < 0 ? "cell" : axes[axis].label}; the table of trials holds the numbers.`, {
    marginLeft: margin, height: 60 + labels.length * (labels.length > 16 ? 22 : 40),
    x: { ...x, label: name + hint(name), labelAnchor: "right" }, y: { domain: labels, label: null, tickFormat: (text) => (text.length > 44 ? `${text.slice(0, 43)}…` : text) },
    marks: [
      Plot.rect(boxes, { x1: "from", x2: "to", y: "y", fill: "currentColor", fillOpacity: 0.09, stroke: "currentColor", strokeOpacity: 0.35, insetTop: 3, insetBottom: 3 }),
      Plot.tickX(boxes, { x: "middle", y: "y", stroke: "currentColor", strokeWidth: 2 }),
      Plot.ruleX(realAgainstReal(name), { strokeDasharray: "4 3" }),
      ...strokes(scored, diverged, { name, y, dot, jitter, axis, worst }),
      Plot.tip(scored, Plot.pointer({ x: (i) => score(i, name), y, title: (i) => title(i), fill: "var(--card)" })),
    ],
  });
}

function strokes(scored, diverged, { name, y, dot, jitter, axis, worst }) {
  const back = anySelected() ? scored.filter((i) => !isSelected(i)) : [];
  const front = anySelected() ? scored.filter(isSelected) : scored;
  const marks = [];
  for (const [members, opacity] of [[back, 0.15], [front, 0.75]]) {
    for (const lane of [0, 1, 2, 3, 4]) {
      const here = members.filter((i) => Math.abs(i * 7) % 5 === lane);
      if (here.length) marks.push(Plot.dot(here, { x: (i) => score(i, name), y, dy: (lane - 2) * 3.2, r: dot, fill: (i) => color(i, Math.max(0, axis)), fillOpacity: opacity }));
    }
  }
  if (diverged.length) marks.push(Plot.tickX(diverged.filter(isSelected), { x: () => worst, y, dx: sign(name) > 0 ? 10 : -10, stroke: "var(--bad)", strokeOpacity: 0.6 }));
  return marks;
}

function groups(best, group) {
  const found = new Map();
  for (const i of best) {
    if (!found.has(group(i))) found.set(group(i), []);
    found.get(group(i)).push(i);
  }
  return found;
}

const count0 = (among, group, name) => among.filter((i) => group(i) === name).length;

function controls() {
  return element("div", { class: "controls" },
    choice("By", [...axes.map((axis, k) => [String(k), axis.label]), [CELLS, "cell"]], state.strips, (value) => set({ strips: value })));
}

function words(among, scored, name) {
  const diverged = among.filter((i) => trials.status[i] === "diverged").length;
  const real = realAgainstReal(name).length ? " Dashes: real against real." : "";
  const first = `${plural(scored.length, "trial")} of the search with this score, ${count(diverged)} diverged (red${isDirected(name) && !aimsAtReal(name) ? ", at the bad end" : ""}).${real}`;
  if (aimsAtReal(name)) return `${first} This score is best where real data are, and no end of the scale is good.`;
  if (!isDirected(name)) return `${first} No direction of this score is better.`;
  return `${first} The box holds the best 2k − 1 trials of a row, k being 5% of its finished trials and at least 5: its middle line is the k-th best, the top quantile of the tables. A row with fewer trials shows them all.`;
}
