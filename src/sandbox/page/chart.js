// The native chart block, drawn as SVG with a legend and a table for screen readers.

import { el, svg } from "./dom.js";

const WIDTH = 560, HEIGHT = 220, LEFT = 44, RIGHT = 12, TOP = 10, BOTTOM = 26;

/** A figure for a `data_visualization` block. */
export function chart(block) {
  const given = block.chart ?? {};
  const drawing = given.type === "pie" ? bars(pieAsSeries(given), true) : bars(given, given.type === "bar");
  return el("figure", { class: "chart", "data-test": "chart" }, el("figcaption", {}, block.title ?? ""), drawing.picture, drawing.legend, drawing.table);
}

/** A pie's shares are easier to compare as bars. */
function pieAsSeries(given) {
  return {
    series: [{ name: "share", data: given.segments ?? [] }],
    axis_config: { categories: (given.segments ?? []).map((segment) => segment.label) },
  };
}

function bars(given, asBars) {
  const categories = given.axis_config?.categories ?? [];
  const series = (given.series ?? []).map((one) => ({
    name: one.name,
    values: categories.map((label) => one.data?.find((point) => point.label === label)?.value ?? null),
  }));
  const known = series.flatMap((one) => one.values).filter((value) => value !== null);
  const top = nice(Math.max(1e-9, ...known)), low = Math.min(0, ...known);
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (top - low));
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, categories.length);
  const x = (nth) => LEFT + step * (nth + 0.5);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" }, axes(top, low, y, categories, x));
  series.forEach((one, nth) => picture.append(...(asBars ? columns(one, nth, series.length, x, y, step, low) : line(one, nth, x, y, given.type === "area", y(low)))));
  const legend = el("ul", { class: "legend", "aria-hidden": "true" }, series.map((one, nth) => el("li", { class: `ink${nth % 6}` }, one.name)));
  return { picture, legend, table: table(categories, series) };
}

function nice(top) {
  const power = 10 ** Math.floor(Math.log10(top));
  return [1, 2, 2.5, 5, 10].map((times) => times * power).find((edge) => edge >= top);
}

function axes(top, low, y, categories, x) {
  const marks = [low, (top + low) / 2, top].map((value) => [
    svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: "grid" }),
    svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, String(Number(value.toPrecision(3)))),
  ]);
  const every = Math.ceil(categories.length / 6);
  const labels = categories.map((label, nth) => (nth % every ? null : svg("text", { x: x(nth), y: HEIGHT - 8, "text-anchor": "middle" }, label)));
  return [...marks.flat(), ...labels];
}

function line(one, nth, x, y, filled, floor) {
  const points = one.values.map((value, at) => (value === null ? null : `${x(at)},${y(value)}`));
  const path = points.filter(Boolean);
  const dots = one.values.map((value, at) => (value === null ? null : svg("circle", { cx: x(at), cy: y(value), r: 2.6, class: `dot ink${nth % 6}` }, svg("title", {}, `${one.name}: ${value}`))));
  const area = filled && path.length ? svg("polygon", { points: `${path[0].split(",")[0]},${floor} ${path.join(" ")} ${path.at(-1).split(",")[0]},${floor}`, class: `area ink${nth % 6}` }) : null;
  return [area, svg("polyline", { points: path.join(" "), class: `line ink${nth % 6}` }), ...dots].filter(Boolean);
}

function columns(one, nth, count, x, y, step, low) {
  const width = (step * 0.7) / count;
  return one.values.flatMap((value, at) => {
    if (value === null) return [];
    const left = x(at) - step * 0.35 + width * nth;
    return [svg("rect", { x: left, y: y(Math.max(value, 0)), width, height: Math.abs(y(value) - y(Math.max(0, low))), class: `bar ink${nth % 6}` }, svg("title", {}, `${one.name}: ${value}`))];
  });
}

function table(categories, series) {
  const head = el("tr", {}, el("th", {}, ""), series.map((one) => el("th", { scope: "col" }, one.name)));
  const rows = categories.map((label, at) => el("tr", {}, el("th", { scope: "row" }, label), series.map((one) => el("td", {}, String(one.values[at] ?? "")))));
  return el("div", { class: "unseen" }, el("table", {}, head, rows));
}
