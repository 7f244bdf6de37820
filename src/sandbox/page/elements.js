// Interactive elements as native controls. `at` says where one stands:
// { block, held, choose(action, choice), input, describedby, people, channels, names }.

import { button, el, safeLink } from "./dom.js";
import { mrkdwn, plain } from "./mrkdwn.js";
import { confirmed } from "./modal.js";

/** The control of an element. */
export function control(element, at) {
  const make = CONTROLS[element.type];
  return make ? make(element, at) : el("span", { class: "unknown" }, `[${element.type}]`);
}

/** Remembers a choice and, outside of plain inputs, tells pacer. */
async function picked(element, at, choice) {
  if (!at.input && !(await confirmed(element.confirm))) return false;
  (at.held[at.block] ??= {})[element.action_id] = choice;
  if (!at.input || at.dispatch) await at.choose(element.action_id, choice);
  return true;
}

const held = (element, at, initial) => at.held[at.block]?.[element.action_id] ?? initial ?? null;

function common(element, at) {
  return {
    id: at.id,
    "data-test": `input-${element.action_id}`,
    "data-key": `${at.block}/${element.action_id}`,
    "aria-describedby": at.describedby,
    "aria-label": at.id ? null : plain(element.placeholder) || element.action_id,
    autofocus: element.focus_on_load,
  };
}

function press(element, at) {
  const label = plain(element.text);
  const node = button(label, {
    class: `btn ${element.style ?? ""}`,
    "data-test": `button-${label}`,
    "data-key": `${at.block}/${element.action_id}`,
    "aria-label": element.accessibility_label,
  });
  node.addEventListener("click", async () => {
    if (!(await confirmed(element.confirm))) return;
    const href = element.url && safeLink(element.url);
    if (href) window.open(href, "_blank", "noopener");
    node.setAttribute("aria-busy", "true");
    await at.choose(element.action_id, null);
    node.removeAttribute("aria-busy");
  });
  return node;
}

function options(element) {
  return element.option_groups ?? [{ options: element.options ?? [] }];
}

function select(element, at) {
  const now = held(element, at, element.initial_option?.value);
  const entries = options(element).map((group) => {
    const list = group.options.map((option) => el("option", { value: option.value, selected: option.value === now }, plain(option.text)));
    return group.label ? el("optgroup", { label: plain(group.label) }, list) : list;
  });
  return dropdown(element, at, entries.flat(), now);
}

function dropdown(element, at, entries, now) {
  const blank = el("option", { value: "", selected: !now, disabled: !at.input }, plain(element.placeholder) || "Choose…");
  const node = el("select", common(element, at), blank, entries);
  node.addEventListener("change", async () => {
    if (!(await picked(element, at, node.value || null))) node.value = now ?? "";
  });
  return node;
}

const from = (list, initial) => (element, at) => {
  const now = held(element, at, element[initial]);
  return dropdown(element, at, at[list].map((one) => el("option", { value: one.id, selected: one.id === now }, one.label)), now);
};

/** Radio buttons, checkboxes and multi selects: a group of ticks. */
function ticks(element, at, entries, many, initial) {
  const now = held(element, at, initial);
  const chosen = new Set(many ? (now ?? []) : [now]);
  const name = `${at.block}-${element.action_id}-${at.place}`;
  const rows = entries.map((entry) => {
    const box = el("input", { type: many ? "checkbox" : "radio", name, value: entry.id, checked: chosen.has(entry.id), "data-key": `${name}/${entry.id}` });
    box.addEventListener("change", () => {
      if (many) box.checked ? chosen.add(entry.id) : chosen.delete(entry.id);
      picked(element, at, many ? [...chosen] : entry.id);
    });
    return el("label", { class: "tick" }, box, el("span", {}, entry.label, entry.note ? el("small", {}, entry.note) : null));
  });
  const role = many ? "group" : "radiogroup";
  const { "data-key": _, autofocus: __, ...props } = common(element, at);
  return el("div", { ...props, role, class: entries.length > 8 ? "ticks long" : "ticks", "aria-labelledby": at.id ? `${at.id}-label` : null }, rows);
}

/** The options as ticks; their texts may be mrkdwn. */
function entries(element, at) {
  const words = (text) => (text?.type === "mrkdwn" ? mrkdwn(text.text, at.names) : plain(text));
  return options(element).flatMap((group) => group.options.map((one) => ({ id: one.value, label: words(one.text), note: one.description && words(one.description) })));
}

function overflow(element, at) {
  const menu = el("div", { class: "popup", role: "menu", hidden: true });
  const node = button("⋯", { class: "btn", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false", "data-test": "overflow", "data-key": `${at.block}/${element.action_id}` });
  const show = (open) => {
    menu.hidden = !open;
    node.setAttribute("aria-expanded", String(open));
    if (open) menu.scrollIntoView({ block: "nearest" });
    (open ? menu.firstChild : node).focus();
  };
  const items = (element.options ?? []).map((option) => button(plain(option.text), { role: "menuitem", "data-test": `option-${plain(option.text)}`, onclick: async () => {
    show(false);
    if (await confirmed(element.confirm)) await at.choose(element.action_id, option.value);
  } }));
  menu.append(...items);
  node.addEventListener("click", () => show(menu.hidden));
  menu.addEventListener("keydown", (event) => {
    const nth = items.indexOf(document.activeElement);
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) items[(nth + move + items.length) % items.length].focus();
    if (event.key === "Escape" || event.key === "Tab") show(false);
    if (move || event.key === "Escape") event.preventDefault(), event.stopPropagation();
  });
  return el("span", { class: "anchor" }, node, menu);
}

const typed = (type, initial) => (element, at) => {
  const props = { ...common(element, at), placeholder: plain(element.placeholder), maxlength: element.max_length, min: element.min_value, max: element.max_value };
  const long = element.multiline === true;
  const node = long ? el("textarea", { ...props, rows: 4 }) : el("input", { ...props, type, step: element.is_decimal_allowed ? "any" : null });
  node.value = held(element, at, element[initial]) ?? "";
  node.addEventListener(at.input ? "input" : "change", () => picked(element, at, node.value || null));
  return node;
};

const CONTROLS = {
  button: press,
  overflow,
  static_select: select,
  users_select: from("people", "initial_user"),
  channels_select: from("channels", "initial_channel"),
  conversations_select: from("channels", "initial_conversation"),
  radio_buttons: (element, at) => ticks(element, at, entries(element, at), false, element.initial_option?.value),
  checkboxes: (element, at) => ticks(element, at, entries(element, at), true, element.initial_options?.map((one) => one.value)),
  multi_static_select: (element, at) => ticks(element, at, entries(element, at), true, element.initial_options?.map((one) => one.value)),
  multi_users_select: (element, at) => ticks(element, at, at.people, true, element.initial_users),
  multi_channels_select: (element, at) => ticks(element, at, at.channels, true, element.initial_channels),
  multi_conversations_select: (element, at) => ticks(element, at, at.channels, true, element.initial_conversations),
  datepicker: typed("date", "initial_date"),
  timepicker: typed("time", "initial_time"),
  plain_text_input: typed("text", "initial_value"),
  email_text_input: typed("email", "initial_value"),
  url_text_input: typed("url", "initial_value"),
  number_input: typed("number", "initial_value"),
};
