// Drawings of a page of published tables, each from a description in the page's JSON: see landscape/report/charts.py.
import * as Plot from "@observablehq/plot";
import { element } from "./dom.js";
import { number, tick } from "./format.js";

export function drawChart(place, chart) {
  // Panels keep a size at which they can be read; where they do not fit, the drawing scrolls in its box.
  const panels = chart.across ? new Set(chart.data[chart.across]).size : 1;
  const width = Math.max(260, chart.across ? 70 + 90 * panels : 0, Math.floor(place.clientWidth || 640));
  const svg = Plot.plot({ width, marginTop: 24, marginBottom: 40, style: { background: "transparent", fontSize: "12px" }, ...options(chart, width) });
  const drawing = svg.tagName === "FIGURE" ? svg.querySelector("svg") : svg;
  for (const part of drawing.querySelectorAll("[aria-label], [aria-description]")) {
    part.removeAttribute("aria-label"); // an image has one name; names of its parts would be read one by one
    part.removeAttribute("aria-description");
  }
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", chart.alt);
  place.replaceChildren(...[legend(chart), svg].filter(Boolean));
}

function options(chart, width) {
  const rows = chart.data[chart.x].map((_, i) => i);
  const of = (name) => (i) => chart.data[name][i];
  const facets = { fx: chart.across ? of(chart.across) : undefined, fy: chart.down ? of(chart.down) : undefined };
  const count = (name) => (name ? new Set(chart.data[name]).size : 1);
  const at = { x: of(chart.x), y: of(chart.y), ...facets };
  const stroke = chart.series ? (i) => chart.colors[chart.data[chart.series][i]] : "var(--accent)";
  const panel = (width - 60) / count(chart.across);
  const names = chart.kind === "intervals" ? 12 + 6.8 * Math.max(...chart.data[chart.y].map((text) => text.length)) : 0;
  const beside = names <= width * 0.45; // Where names would take more than that, as on a phone, each stands above its interval, and what it measures in a line of its own.
  const shared = {
    height: (chart.square ? panel : chart.kind === "intervals" ? (beside ? 26 : 58) * rows.length : chart.down || chart.across ? 180 : 300) * count(chart.down) + 70,
    marginLeft: chart.kind !== "intervals" ? 56 : beside ? names : 12, marginRight: chart.down ? 46 : 16,
    x: { label: chart.x_label, labelOffset: 36, tickFormat: tick, ticks: chart.across ? (panel < 160 ? 1 : 3) : 6, grid: !chart.square, ...(chart.x_domain ? { domain: chart.x_domain } : {}), ...(chart.square ? { axis: null } : {}) },
    y: { label: chart.y_label, grid: !chart.square, ...(chart.y_domain ? { domain: chart.y_domain } : {}), ...(chart.square ? { axis: null } : {}) },
    fx: { label: chart.across_label, tickFormat: tick }, fy: { label: chart.down_label, tickFormat: tick },
  };
  const rule = Plot.ruleY(chart.rules, { strokeDasharray: "4 3" });
  if (chart.kind === "lines") {
    return { ...shared, marks: [rule, Plot.line(rows, { ...at, z: chart.series ? of(chart.series) : null, stroke, strokeWidth: 1.6 }), Plot.tip(rows, Plot.pointer({ ...at, fill: "var(--card)", title: words(chart) }))] };
  }
  if (chart.kind === "dots") {
    return { ...shared, marks: [Plot.dot(rows, { ...at, r: 1.3, fill: stroke, fillOpacity: 0.6, clip: true }), Plot.dot(chart.crosses, { x: ([x]) => x, y: ([, y]) => y, symbol: "times", r: 3, stroke: "currentColor", strokeOpacity: 0.7 }), Plot.frame({ strokeOpacity: 0.25 })] };
  }
  return intervals(chart, rows, of, shared, beside ? null : width - 28);
}

// A row a number, its interval as a bar, and the band within which it counts as agreement.
// `room` is null if names stand beside the rows; else it is the width in pixels that each has above its row.
function intervals(chart, rows, of, shared, room) {
  const known = rows.filter((i) => chart.data[chart.low][i] !== null && chart.data[chart.high][i] !== null);
  const y = of(chart.y);
  const stroke = (i) => (chart.series ? chart.colors[chart.data[chart.series][i]] : "currentColor");
  return {
    ...shared, y: { domain: chart.data[chart.y], label: null, ...(room ? { axis: null } : {}) },
    marks: [
      Plot.rectX([chart.band], { x1: ([low]) => low, x2: ([, high]) => high, fill: "var(--accent)", fillOpacity: 0.12 }), Plot.ruleX([0], { strokeOpacity: 0.6 }),
      room ? Plot.text(rows, { frameAnchor: "left", textAnchor: "start", y, dy: -22, lineHeight: 1.25, text: (i) => y(i).replace(", ", "\n"), lineWidth: room / 12, textOverflow: "ellipsis-middle" }) : null,
      Plot.ruleY(known, { x1: of(chart.low), x2: of(chart.high), y, strokeWidth: 2, stroke }),
      Plot.dot(rows, { x: of(chart.x), y, r: 4, fill: (i) => (known.includes(i) ? stroke(i) : "var(--card)"), stroke }),
      Plot.tip(rows, Plot.pointer({ x: of(chart.x), y, fill: "var(--card)", title: words(chart) })),
    ],
  };
}

const words = (chart) => (i) => chart.told.filter((name) => chart.data[name][i] !== null).map((name) => `${name.replaceAll("_", " ")}: ${typeof chart.data[name][i] === "number" ? number(chart.data[name][i]) : chart.data[name][i]}`).join("\n");

function legend(chart) {
  if (!chart.series) return null;
  const names = [...new Set(chart.data[chart.series])];
  return element("p", { class: "caption" }, ...names.flatMap((name) => [element("span", { class: "swatch", style: { background: chart.colors[name] }, "aria-hidden": "true" }), `${name}  `]));
}
