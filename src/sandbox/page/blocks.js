// Block Kit to DOM. `at` says where the blocks stand: { place, held, errors, choose(block, action, choice), people, channels, names }.

import { chart } from "./chart.js";
import { el, safeLink } from "./dom.js";
import { control } from "./elements.js";
import { emojied, mrkdwn, plain } from "./mrkdwn.js";

/** All blocks, in order. */
export function blocks(list, at) {
  return el("div", { class: "blocks" }, list.map((block) => (BLOCKS[block.type] ?? unknown)(block, at)));
}

/** A text object: mrkdwn is styled, plain text only gets emoji. */
export function text(object, at) {
  return object.type === "mrkdwn" ? mrkdwn(object.text, at.names) : plain(object);
}

const unknown = (block) => el("p", { class: "unknown" }, `[${block.type}]`);

/** Where an element of a block stands. */
function inside(block, at, more = {}) {
  return { ...at, block: block.block_id, choose: (action, choice) => at.choose(block.block_id, action, choice), ...more };
}

/** A picture of this very server; others are named, never loaded. */
function picture(block, kind) {
  const href = safeLink(block.image_url ?? "");
  if (!href || new URL(href).origin !== location.origin) return el("span", { class: `noimage ${kind}`, role: "img", "aria-label": block.alt_text }, block.alt_text);
  return el("img", { class: kind, src: href, alt: block.alt_text });
}

const accessory = (block, at) => (block.accessory?.type === "image" ? picture(block.accessory, "thumb") : control(block.accessory, inside(block, at)));

function section(block, at) {
  const body = el("div", { class: "text" });
  if (block.text) body.append(el("div", {}, text(block.text, at)));
  if (block.fields) body.append(el("div", { class: "fields" }, block.fields.map((field) => el("div", { class: "field" }, text(field, at)))));
  return el("div", { class: "section" }, body, block.accessory ? el("div", { class: "accessory" }, accessory(block, at)) : null);
}

let counter = 0;

function input(block, at) {
  const id = `in${(counter += 1)}`;
  const error = at.errors?.[block.block_id];
  const inner = control(block.element, inside(block, at, { input: true, dispatch: block.dispatch_action, id, describedby: `${id}-more` }));
  const group = inner.getAttribute("role")?.includes("group");
  const label = el(group ? "div" : "label", { id: `${id}-label`, class: "label", for: group ? null : id }, text(block.label, at), block.optional ? el("small", {}, " (optional)") : null);
  if (error) inner.setAttribute("aria-invalid", "true");
  const more = el("div", { id: `${id}-more` }, error ? el("p", { class: "error", "data-test": "error" }, error) : null, block.hint ? el("p", { class: "small" }, text(block.hint, at)) : null);
  return el("div", { class: "input" }, label, inner, more);
}

function context(block, at) {
  return el("div", { class: "context" }, block.elements.map((item) => (item.type === "image" ? picture(item, "icon") : el("span", {}, text(item, at)))));
}

function table(block, at) {
  const align = (nth) => `to-${block.column_settings?.[nth]?.align ?? "left"}`;
  const cell = (value) => (value.type === "raw_text" ? value.text : value.elements.map((part) => rich(part, at)));
  const rows = block.rows.map((row, nth) => el("tr", {}, row.map((value, column) => el(nth ? "td" : "th", { class: align(column), scope: nth ? null : "col" }, cell(value)))));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" }, el("table", {}, el("thead", {}, rows[0]), el("tbody", {}, rows.slice(1))));
}

function leaf(item, at) {
  const style = item.style ?? {};
  let node = {
    text: () => document.createTextNode(item.text),
    link: () => {
      const href = safeLink(item.url);
      return href ? el("a", { href, target: "_blank", rel: "noopener noreferrer" }, item.text ?? item.url) : document.createTextNode(item.text ?? item.url);
    },
    emoji: () => document.createTextNode(emojied(`:${item.name}:`)),
    user: () => el("span", { class: "pill" }, "@" + (at.names.user(item.user_id) ?? item.user_id)),
    channel: () => el("span", { class: "pill" }, "#" + (at.names.channel(item.channel_id) ?? item.channel_id)),
    broadcast: () => el("span", { class: "pill loud" }, "@" + item.range),
  }[item.type]?.() ?? document.createTextNode(item.fallback ?? "");
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) if (style[name]) node = el(tag, {}, node);
  return node;
}

function rich(part, at) {
  const leaves = (list) => list.map((item) => leaf(item, at));
  if (part.type === "rich_text_list") return el(part.style === "ordered" ? "ol" : "ul", {}, part.elements.map((item) => el("li", {}, leaves(item.elements))));
  if (part.type === "rich_text_preformatted") return el("pre", {}, leaves(part.elements));
  if (part.type === "rich_text_quote") return el("blockquote", {}, leaves(part.elements));
  return el("div", { class: "rich" }, leaves(part.elements));
}

const BLOCKS = {
  header: (block, at) => el("h3", { class: "header" }, text(block.text, at)),
  section,
  context,
  divider: () => el("hr"),
  actions: (block, at) => el("div", { class: "actions" }, block.elements.map((element) => control(element, inside(block, at)))),
  input,
  image: (block, at) => el("figure", { class: "image" }, block.title ? el("figcaption", {}, text(block.title, at)) : null, picture(block, "full")),
  rich_text: (block, at) => el("div", {}, block.elements.map((part) => rich(part, at))),
  markdown: (block, at) => el("div", { class: "section" }, mrkdwn(block.text.replaceAll("**", "*"), at.names)),
  table,
  data_visualization: chart,
};
