// Numbers as people read them, and pieces of the page. Everything becomes text nodes: what a metric holds is never taken for HTML.

/** An element with attributes and children; strings are text, and what is null or false is left out. */
export function el(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) if (value !== undefined) element.setAttribute(key, value);
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

const UNITS = [
  [86400 * 2, 86400, "days"],
  [3600 * 2, 3600, "h"],
  [60 * 2, 60, "min"],
];

export function seconds(value) {
  const size = Math.abs(value);
  for (const [from, unit, name] of UNITS) if (size >= from) return `${Math.floor(value / unit)} ${name}`;
  if (size > 0 && size < 0.1) return `${Math.round(value * 1000)} ms`;
  return `${size < 10 ? Math.round(value * 10) / 10 : Math.round(value)} s`;
}

export function number(value) {
  if (Math.abs(value) >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  const digits = Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const rate = (value) => `${number(value)}/s`;

export function share(value) {
  const percent = value * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

export function bytes(value) {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(value, 1)) / 10)));
  const scaled = value / 1024 ** power;
  return `${scaled < 10 && power > 0 ? scaled.toFixed(1) : Math.round(scaled)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
}

/** `count(2, "machine")` is "2 machines". */
export const count = (amount, one, many = `${one}s`) => `${amount} ${amount === 1 ? one : many}`;

/** The state of a value against limits from which on it is a warning and critical; a lower value is the better one. */
export function above(value, warning, critical = Infinity) {
  return value >= critical ? "critical" : value >= warning ? "warning" : "ok";
}

/** A word that says a state; the colour only repeats it. */
export function badge(state, word) {
  return el("span", { class: "badge", "data-state": state }, word);
}

/** A name that may be broken after dots and slashes. */
export const name = (text) => text.split(/(?<=[./])/).flatMap((part, n) => (n === 0 ? [part] : [el("wbr"), part]));

/** A cell: what it says, its state with a word for it, and how full something is. */
export function cell(text, { state = "ok", word, full } = {}) {
  const bar = full !== undefined && el("span", { class: "bar", "aria-hidden": "true" }, el("span"));
  // A script may set the style of an element, but no attribute may: the page's policy forbids these.
  if (bar) bar.firstChild.style.inlineSize = `${Math.min(100, Math.max(0, full * 100)).toFixed(0)}%`;
  const said = state !== "ok" && word && [" ", badge(state, word)];
  return { state, node: [text !== "" && el("span", { class: "value" }, text), said, bar] };
}

/** The value in a form, or the words that there is none. */
export function shown(value, form, more) {
  return value === undefined || Number.isNaN(value)
    ? { state: "ok", node: [el("span", { class: "none" }, "no data")] }
    : cell(form(value), more);
}

/** A table: names of columns, and rows whose first cell is a heading; `below` may have something for the whole width under each row. */
export function table(columns, rows, below = []) {
  const heads = columns.map((column) => el("th", { scope: "col" }, column));
  const line = ([head, ...cells], n) => [
    el(
      "tr",
      {},
      el("th", { scope: "row" }, head),
      cells.map(({ state, node }) => el("td", { "data-state": state }, node)),
    ),
    below[n] && el("tr", { class: "below" }, el("td", { colspan: columns.length }, below[n])),
  ];
  return el("div", { class: "wide" }, el("table", {}, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows.map(line))));
}

/** Large numbers with their names. */
export function figures(...list) {
  return el(
    "dl",
    { class: "figures" },
    list.map(([name, { state, node }]) => el("div", { "data-state": state }, el("dt", {}, name), el("dd", {}, node))),
  );
}
