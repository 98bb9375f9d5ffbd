// A page of published tables: drawings from the page's JSON, tables that sort, and a ledger whose rows can be filtered.
import { drawChart } from "./charts.js";
import { makeFiltered } from "./row_filters.js";
import { makeSortable } from "./tables.js";

document.documentElement.classList.add("scripted");
const charts = JSON.parse(document.getElementById("data").textContent);
const drawAll = () => document.querySelectorAll("[data-chart]").forEach((place) => drawChart(place, charts[place.dataset.chart]));
drawAll();
document.querySelectorAll("table.sortable").forEach(makeSortable);
document.querySelectorAll(".filters").forEach(makeFiltered);
let width = innerWidth, waiting;
window.addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(drawAll, 200);
});
