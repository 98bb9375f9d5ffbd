// One trial: its settings, scores, pictures, curves, and the command that runs it again.
import { arrow, cellLabel, curveLabel, curveNames, data, place as places, score, scores, settings, trials } from "./data.js";
import { element, fill } from "./dom.js";
import { count, duration, interval, number } from "./format.js";
import { drawCurves } from "./health.js";
import { set, state } from "./state.js";

const dialog = document.getElementById("drawer");
const KINDS = { samples: "Samples", nearest: "Samples (upper rows) and the nearest training image of each (lower rows)", interpolation: "Lines between latent draws", progress: "The same draws over training, from top to bottom" };

export function drawDrawer() {
  const i = places.get(state.trial);
  if (i === undefined) {
    if (dialog.open) dialog.close();
    return;
  }
  fill(dialog, head(i), ...pictures(i), scoreTable(i), command(i), settingsList(i), ...curves());
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  drawAll(i);
}

dialog.addEventListener("close", () => { if (state.trial) set({ trial: "" }); });
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

function head(i) {
  const symptoms = trials.symptoms[i].map((name) => name.replaceAll("_", " ")).join(", ");
  const reason = trials.reasons[trials.reason[i]];
  const facts = [trials.status[i], trials.role[i], `seed ${trials.seed[i]}`, `${count(trials.d_steps[i])} D steps`, duration(trials.seconds[i])];
  return element("header", {}, element("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => dialog.close() }, "×"),
    element("p", { class: "eyebrow" }, `Trial ${trials.digest[i]}`), element("h2", { id: "drawer-title" }, cellLabel(trials.cell[i])),
    element("p", {}, facts.join(" · ")), symptoms ? element("p", {}, element("b", {}, "Symptoms: "), symptoms) : null, reason ? element("p", {}, reason) : null);
}

function pictures(i) {
  const found = data.pictures.uris[trials.digest[i]] ?? {};
  return Object.entries(KINDS).filter(([kind]) => found[kind]).map(([kind, text]) =>
    element("figure", {}, element("img", { src: found[kind], alt: `${text} of trial ${trials.digest[i]}` }), element("figcaption", {}, text)));
}

function scoreTable(i) {
  const rows = [...scores.keys()].filter((name) => score(i, name) !== null).map((name) => {
    const about = scores.get(name);
    return element("tr", {}, element("th", { scope: "row" }, name + arrow(name)), element("td", { class: "num" }, (about.counted ? count : number)(score(i, name))),
      element("td", {}, interval(trials.low[name]?.[i], trials.high[name]?.[i])), element("td", { class: "num" }, about.floor === null ? "–" : number(about.floor)));
  });
  if (!rows.length) return null;
  const heads = ["Score", "Value", "95% interval over samples", "Real against real"];
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Scores" }, element("table", {}, element("caption", {}, "Scores"), element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)))), element("tbody", {}, ...rows)));
}

function command(i) {
  const text = `landscape train --config ${data.study.folder}/trials/${trials.digest[i]}/record.json --out again`;
  return element("div", {}, element("h3", {}, "Run it again"), element("pre", { tabindex: "0" }, text));
}

function settingsList(i) {
  const varied = [...settings.values()].flatMap((one) => (trials.values[one.name][i] === null ? [] : one.same.map((name) => [name, String(trials.values[one.name][i])])));
  const rows = [...varied, ...Object.entries(data.fixed)].flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  return element("details", {}, element("summary", {}, "Settings"), element("p", { class: "caption" }, "First those that varied between trials, then those that were the same in all."), element("dl", { class: "facts" }, ...rows));
}

const curves = () => curveNames.map((name) => element("div", {}, element("h3", {}, curveLabel(name)), element("div", { class: "curve", "data-curve": name })));

function drawAll(i) {
  for (const box of dialog.querySelectorAll("[data-curve]")) drawCurves(box, box.dataset.curve, [[i, trials.digest[i]]], 180);
}
