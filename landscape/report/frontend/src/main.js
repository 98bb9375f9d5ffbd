// A study's page: each section is drawn when it comes into view, and again when what it shows has changed.
import "tabulator-tables/dist/css/tabulator_simple.min.css";
import "uplot/dist/uPlot.min.css";
import "./page.css";
import { drawBudget } from "./budget.js";
import { size } from "./data.js";
import { drawDrawer } from "./drawer.js";
import { drawFilters } from "./filters.js";
import { drawFronts } from "./fronts.js";
import { drawGallery } from "./gallery.js";
import { drawHealth } from "./health.js";
import { drawMap } from "./map.js";
import { read, state, subscribe } from "./state.js";
import { drawStrips } from "./strips.js";
import { drawSurfaces } from "./surfaces.js";
import { makeSortable } from "./tables.js";
import { downloadShown, drawTrials } from "./trials.js";

const CHOICE = ["cells", "levels", "status", "role", "score"];
const VIEWS = [
  ["view-filters", drawFilters, CHOICE],
  ["view-map", drawMap, [...CHOICE, "measure"]],
  ["view-strips", drawStrips, [...CHOICE, "strips"]],
  ["view-budget", drawBudget, ["against", "by", "target"]],
  ["view-fronts", drawFronts, [...CHOICE, "x", "y"]],
  ["view-gallery", drawGallery, CHOICE],
  ["view-surfaces", drawSurfaces, [...CHOICE, "setting", "setting2"]],
  ["view-health", drawHealth, [...CHOICE, "curve"]],
  ["view-trials", drawTrials, CHOICE],
];

document.documentElement.classList.add("scripted");
read();
const seen = new Set(), stale = new Set(), near = new Set();
const places = new Map();
const draw = (id) => {
  const [place, drawing] = places.get(id);
  stale.delete(id);
  seen.add(id);
  delete place.dataset.stale;
  drawing(place);
};
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) near.add(target.id);
    else near.delete(target.id);
    if (isIntersecting && (!seen.has(target.id) || stale.has(target.id))) draw(target.id);
  }
}, { rootMargin: "500px 0px" });

for (const [id, drawing] of VIEWS) {
  const place = document.getElementById(id);
  if (!place || size === 0) continue;
  places.set(id, [place, drawing]);
  place.dataset.stale = "";
  watcher.observe(place);
}

const refresh = (changed) => {
  for (const [id, , on] of VIEWS) {
    if (!places.has(id) || !seen.has(id) || !on.some((key) => changed.includes(key))) continue;
    if (near.has(id)) keepFocus(id);
    else {
      stale.add(id);
      places.get(id)[0].dataset.stale = "";
    }
  }
  if (changed.includes("trial")) drawDrawer();
};

// A view is made anew when its choice changes; the control that was used keeps the focus.
function keepFocus(id) {
  const place = places.get(id)[0];
  const controls = () => [...place.querySelectorAll("select, input, button")];
  const at = controls().indexOf(document.activeElement);
  draw(id);
  if (at >= 0) controls()[at]?.focus();
}

subscribe(refresh);
if (state.trial) drawDrawer();
document.querySelectorAll("table.sortable").forEach(makeSortable);

// Links of the contents lead to a place and leave the address's choices as they are.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#"]');
  const target = link && document.getElementById(link.getAttribute("href").slice(1));
  if (!target) return;
  event.preventDefault();
  target.scrollIntoView();
  target.setAttribute("tabindex", "-1");
  target.focus({ preventScroll: true });
});
const everything = [...CHOICE, ...VIEWS.flatMap(([, , on]) => on), "trial"];
window.addEventListener("hashchange", () => { read(); refresh(everything); });
let width = innerWidth;
window.addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  clearTimeout(window.landscapeResize);
  window.landscapeResize = setTimeout(() => refresh(everything.filter((key) => key !== "trial")), 200);
});

// On paper every view is drawn and every part is open.
window.addEventListener("beforeprint", () => {
  for (const id of places.keys()) if (!seen.has(id) || stale.has(id)) draw(id);
  document.querySelectorAll("main details").forEach((part) => { part.open = true; });
});
document.getElementById("download-shown")?.addEventListener("click", downloadShown);
document.getElementById("copy-settings")?.addEventListener("click", async (event) => {
  await navigator.clipboard?.writeText(document.getElementById("winner-settings").textContent);
  event.target.textContent = "Copied";
});
// The page can be used: what was measured from the start to here is the time to the first interaction.
performance.mark("landscape-ready");
