// Where a line is too short, a long name breaks after a separator. A browser finds no such place in `gradient_penalty` by itself.
const SEPARATED = /(?<=[/_,.:=+])(?=\p{L})/u;
const SHORTEST = 12;
const WHOLE = new Set(["option", "pre"]);

export const separated = (text) => (text.length > SHORTEST ? text.split(SEPARATED) : [text]);
const breakable = (text) => separated(text).flatMap((part, k) => (k ? [document.createElement("wbr"), part] : [part]));

// Elements from plain calls. Text is always set as text: a name from a record is never read as HTML.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(made.style, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  const shown = children.filter((child) => child !== null && child !== undefined);
  made.append(...shown.flatMap((child) => (typeof child === "string" && !WHOLE.has(tag) ? breakable(child) : [child])));
  return made;
}

let labelled = 0;

// A control with its name above it.
export function named(label, control) {
  control.id ||= `control-${++labelled}`;
  return element("div", { class: "choice" }, element("label", { for: control.id }, label), control);
}

// A named choice. `options` are [value, text] pairs.
export function choice(label, options, value, change) {
  const select = element("select", { onchange: () => change(select.value) });
  for (const [key, text] of options) {
    const option = element("option", { value: key }, text);
    option.selected = key === value;
    select.append(option);
  }
  return named(label, select);
}

export const note = (text) => element("p", { class: "caption" }, text);
export const fill = (place, ...children) => place.replaceChildren(...children.filter(Boolean));
