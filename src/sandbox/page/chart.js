// The native chart block, drawn as SVG with a legend and a table for screen readers.

import { el, svg } from "./dom.js";

const WIDTH = 560, HEIGHT = 230, LEFT = 48, RIGHT = 12, TOP = 26, BOTTOM = 26;

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
  const ticks = round(Math.min(0, ...known), Math.max(0, ...known));
  const low = ticks[0], top = ticks.at(-1);
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (top - low));
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, categories.length);
  const x = (nth) => LEFT + step * (nth + 0.5);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" }, axes(ticks, y, categories, x, given.axis_config));
  series.forEach((one, nth) => picture.append(...(asBars ? columns(one, nth, series.length, x, y, step) : line(one, nth, x, y, given.type === "area", y(0)))));
  const legend = el("ul", { class: "legend", "aria-hidden": "true" }, series.map((one, nth) => el("li", { class: `ink${nth % 6}` }, one.name)));
  return { picture, legend, table: table(categories, series) };
}

/** Three to six round numbers that hold both ends. */
function round(low, high) {
  const raw = (high - low) / 5 || 0.2;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((times) => times * power).find((each) => each >= raw * 0.999);
  const first = Math.floor(low / step + 1e-9), last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, nth) => (first + nth) * step);
}

function axes(ticks, y, categories, x, config) {
  const marks = ticks.map((value) => [
    svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: value === 0 ? "grid zero" : "grid" }),
    svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, String(Number(value.toPrecision(6)))),
  ]);
  // As many names as have room, the last one always.
  const widest = Math.max(1, ...categories.map((label) => String(label).length)) * 6.2 + 12;
  const every = Math.max(1, Math.ceil((widest * categories.length) / (WIDTH - LEFT - RIGHT)));
  const labels = categories.map((label, nth) => ((categories.length - 1 - nth) % every ? null : svg("text", { x: x(nth), y: HEIGHT - 8, "text-anchor": "middle" }, label)));
  const names = [
    config?.y_label ? svg("text", { x: 0, y: 12 }, config.y_label) : null,
    config?.x_label ? svg("text", { x: WIDTH - RIGHT, y: 12, "text-anchor": "end" }, config.x_label) : null,
  ];
  return [...marks.flat(), ...labels, ...names];
}

function line(one, nth, x, y, filled, floor) {
  const points = one.values.map((value, at) => (value === null ? null : `${x(at)},${y(value)}`));
  const path = points.filter(Boolean);
  const dots = one.values.map((value, at) => (value === null ? null : svg("circle", { cx: x(at), cy: y(value), r: 2.6, class: `dot ink${nth % 6}` }, svg("title", {}, `${one.name}: ${value}`))));
  const area = filled && path.length ? svg("polygon", { points: `${path[0].split(",")[0]},${floor} ${path.join(" ")} ${path.at(-1).split(",")[0]},${floor}`, class: `area ink${nth % 6}` }) : null;
  return [area, svg("polyline", { points: path.join(" "), class: `line ink${nth % 6}` }), ...dots].filter(Boolean);
}

function columns(one, nth, count, x, y, step) {
  const width = (step * 0.7) / count;
  return one.values.flatMap((value, at) => {
    if (value === null) return [];
    const left = x(at) - step * 0.35 + width * nth;
    return [svg("rect", { x: left, y: y(Math.max(value, 0)), width, height: Math.abs(y(value) - y(0)), class: `bar ink${nth % 6}` }, svg("title", {}, `${one.name}: ${value}`))];
  });
}

function table(categories, series) {
  const head = el("tr", {}, el("th", {}, ""), series.map((one) => el("th", { scope: "col" }, one.name)));
  const rows = categories.map((label, at) => el("tr", {}, el("th", { scope: "row" }, label), series.map((one) => el("td", {}, String(one.values[at] ?? "")))));
  return el("div", { class: "unseen" }, el("table", {}, head, rows));
}
