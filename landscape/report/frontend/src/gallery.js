// Pictures: every cell's best model at a glance, and those of trials with symptoms beside what was found.
import { cellLabel, chosenFirst, data, everyTrial, isSearch, score, trials } from "./data.js";
import { element, fill, note } from "./dom.js";
import { number, plural } from "./format.js";
import { passes, isSelected, set } from "./state.js";

const { uris, left_out: leftOut, problems } = data.pictures;

const FIRST = 24;

export function drawGallery(place, whole = false) {
  const seen = new Set();
  const best = chosenFirst(everyTrial.filter(isSearch)).filter((i) => !seen.has(trials.cell[i]) && seen.add(trials.cell[i]));
  const shown = best.filter((i) => passes(i) && isSelected(i));
  const sick = everyTrial.filter((i) => trials.symptoms[i].length && uris[trials.digest[i]]?.samples && !best.includes(i) && passes(i) && isSelected(i));
  const missing = leftOut ? ` ${plural(leftOut, "picture")} found no room in this file: ${data.study.folder}/trials holds them all.` : "";
  if (!shown.length && !sick.length) return fill(place, note("No picture of these trials."));
  fill(place,
    note(`Not picked by eye: the first samples of the best trial of each cell, the best first. Choose one for its nearest training images, its interpolations and its progress.${missing}`),
    element("div", { class: "gallery" }, ...shown.slice(0, whole ? shown.length : FIRST).map((i) => tile(i, `${data.score} ${number(score(i, data.score))}`))),
    !whole && shown.length > FIRST ? element("button", { type: "button", class: "plain", onclick: () => drawGallery(place, true) }, `Show the ${shown.length - FIRST} other cells`) : null,
    sick.length ? element("h3", {}, "Trials with symptoms") : null,
    sick.length ? element("div", { class: "gallery" }, ...sick.map((i) => tile(i, trials.symptoms[i].join(", ").replaceAll("_", " ")))) : null);
}

function tile(i, text) {
  const digest = trials.digest[i];
  const uri = uris[digest]?.samples;
  const label = cellLabel(trials.cell[i]);
  const view = uri ? element("img", { src: uri, alt: "", loading: "lazy" }) : element("span", { class: "problem" }, problems[digest] ? `No picture: ${problems[digest]}` : "No picture");
  return element("button", { type: "button", class: "tilebutton", title: "Open the trial", onclick: () => set({ trial: digest }) }, view,
    element("span", { class: "tiletext" }, element("b", {}, label), element("span", {}, text)));
}
