// The page: reads the state of one person's screen, draws what differs, and posts what the person does.

import { blocks } from "./blocks.js";
import { button, el, svg } from "./dom.js";
import { showModals } from "./modal.js";
import { mrkdwn } from "./mrkdwn.js";

const $ = (id) => document.getElementById(id);
const look = { user: null, channel: null, home: false, thread: null };
const seen = {}, sent = [], held = {};
let state = null, recalled = 0, reading = false, again = false;

async function read() {
  if (reading) return void (again = true);
  reading = true;
  do {
    again = false;
    const asked = new URLSearchParams(Object.entries({ user: look.user, channel: look.channel }).filter(([, value]) => value));
    const answer = await fetch(`/sandbox/state?${asked}`).catch(() => null);
    if (!answer?.ok) break;
    const now = await answer.json();
    if ((look.user && now.user !== look.user) || (look.channel && now.channel !== look.channel)) continue;
    state = now;
    look.user = state.user;
    look.channel = state.channel;
    draw();
  } while (again);
  reading = false;
}

async function act(body) {
  $("toast").hidden = true;
  const send = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ user: look.user, ...body }) };
  const answer = await fetch("/sandbox/act", send).then((got) => got.json()).catch(() => ({ ok: false, error: "pacer does not answer: is it still running?" }));
  if (!answer.ok) toast(answer.error);
  await read();
  return answer;
}

const ERRORS = { operation_timeout: "pacer took longer than 3 seconds to answer.", dispatch_failed: "pacer is not connected to this workspace.", http_service_error: "pacer answered with an error." };
let toasting = null;
function toast(words) {
  $("toast").textContent = ERRORS[words] ?? words;
  $("toast").hidden = false;
  clearTimeout(toasting);
  toasting = setTimeout(() => ($("toast").hidden = true), 6000);
}

const names = {
  user: (id) => (id === state.app.user ? state.app.name : state.people.find((one) => one.id === id)?.name),
  channel: (id) => state.channels.find((one) => one.id === id)?.name,
};

/** Where blocks stand, as blocks.js wants it. */
function standing(place, key) {
  return {
    place: key,
    names,
    held: (held[`${look.user}/${key}`] ??= {}),
    people: state.people.map((one) => ({ id: one.id, label: one.real_name })),
    channels: state.channels.filter((one) => !one.is_direct).map((one) => ({ id: one.id, label: `#${one.name}` })),
    choose: (block, action, choice) => act({ do: "choose", ...place, block_id: block, action_id: action, choice }),
  };
}

function draw() {
  const channel = state.channels.find((one) => one.id === look.channel) ?? state.channels[0];
  (seen[look.user] ??= {})[channel.id] = channel.latest;
  document.title = `${channel.is_direct ? "" : "#"}${channel.name} – ${state.team}`;
  $("team").textContent = state.team;
  drawSide(channel);
  $("title").replaceChildren(sign(channel), channel.name);
  $("tabs").hidden = !channel.is_direct;
  const home = Boolean(channel.is_direct && look.home);
  $("tab-home").setAttribute("aria-pressed", String(home));
  $("tab-messages").setAttribute("aria-pressed", String(!home));
  $("home").hidden = !home;
  $("log").hidden = $("form").hidden = home;
  $("welcome").hidden = home || localStorage.getItem("welcome") === "no";
  if (home) drawHome();
  drawWelcome();
  const inThread = (message) => message.thread_ts && message.thread_ts !== message.ts && state.messages.some((one) => one.ts === message.thread_ts);
  drawLog($("log"), state.messages.filter((message) => !inThread(message)), true);
  const thread = look.thread && state.messages.some((message) => message.ts === look.thread);
  $("thread").hidden = !thread;
  $("app").classList.toggle("with-thread", Boolean(thread));
  $("app").classList.toggle("has-messages", state.messages.length > 0);
  if (thread) drawLog($("thread-log"), state.messages.filter((message) => message.ts === look.thread || message.thread_ts === look.thread), false);
  $("composer").disabled = channel.is_archived;
  $("composer").setAttribute("aria-label", `Message ${channel.name}`);
  $("composer").placeholder = channel.is_archived ? "This channel is archived" : `Message ${channel.is_direct ? "" : "#"}${channel.name}`;
  $("hint").replaceChildren(...(state.app.connected ? [`${state.command} help lists everything`, el("span", {}, " · ↑ brings back what you typed")] : ["pacer is not connected yet"]));
  showModals(state.modals, (view) => standing({ view: view.id }, view.id), {
    close: () => act({ do: "close" }),
    submit: (view, values) => act({ do: "submit", view: view.id, values }),
  });
}

/** The sign before a channel's name: a hash, or a lock where it is private. */
function sign(channel) {
  if (channel.is_direct) return el("span", { "aria-hidden": "true" }, "◆ ");
  if (!channel.is_private) return el("span", { "aria-hidden": "true" }, "# ");
  return svg("svg", { class: "lock", viewBox: "0 0 11 12", role: "img", "aria-label": "private" }, svg("path", { d: "M2 5V3.5a3.5 3.5 0 0 1 7 0V5h1v7H1V5zm1.5 0h4V3.5a2 2 0 0 0-4 0z" }));
}

let drawnSide = null;
function drawSide(channel) {
  const unread = (one) => one.latest && one.latest > (seen[look.user]?.[one.id] ?? "");
  const print = JSON.stringify([state.people, state.channels.map((one) => [one.id, one.has_app, unread(one)]), channel.id, look.user]);
  if (print === drawnSide) return;
  drawnSide = print;
  $("acting").replaceChildren(...state.people.map((one) => el("option", { value: one.id, selected: one.id === look.user }, `${one.real_name} (${one.title})`)));
  const focused = document.activeElement?.dataset?.test;
  const entry = (one) => el("li", {}, button([sign(one), one.name, one.is_archived ? el("small", {}, " archived") : null], {
    class: `${one.id === channel.id ? "here" : ""} ${unread(one) ? "unread" : ""}`,
    "aria-current": one.id === channel.id ? "page" : null,
    "data-test": `channel-${one.name}`,
    onclick: () => go(one.id),
  }));
  $("channels").replaceChildren(...state.channels.filter((one) => !one.is_direct).map(entry));
  $("apps").replaceChildren(...state.channels.filter((one) => one.is_direct).map(entry));
  if (focused?.startsWith("channel-")) document.querySelector(`[data-test="${CSS.escape(focused)}"]`)?.focus();
}

function go(channel) {
  Object.assign(look, { channel, thread: null, home: false });
  menu(false);
  read().then(() => $("composer").focus());
}

let drawnHome = null;
function drawHome() {
  const print = JSON.stringify([look.user, state.home?.hash]);
  if (print === drawnHome) return;
  drawnHome = print;
  const view = state.home;
  $("home").replaceChildren(view ? blocks(view.body.blocks, standing({ view: view.id }, view.id)) : el("p", { class: "small" }, "The app has not published a Home tab for you yet."));
}

function drawWelcome() {
  if ($("chips").childElementCount) return;
  const chips = state.suggestions.map((words) => `${state.command} ${words}`.trim());
  $("welcome-text").replaceChildren("Type ", el("code", {}, chips[0] ?? state.command), ", or press one of these:");
  $("chips").replaceChildren(...chips.map((line) => button(line, { class: "chip", "data-test": `chip-${line}`, onclick: () => send(line) })));
}

/** Draws a list of messages; those that did not change keep their nodes, and with them focus and half-made choices. */
function drawLog(log, messages, withReplies) {
  const low = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const known = new Map([...log.children].map((node) => [node.dataset.key, node]));
  const wanted = messages.map((message, nth) => {
    const replies = withReplies ? state.messages.filter((one) => one.thread_ts === message.ts && one.ts !== message.ts).length : 0;
    const before = messages[nth - 1];
    const joined = before && before.user === message.user && !before.only_for === !message.only_for && message.ts - before.ts < 300 && !message.blocks.length;
    const key = JSON.stringify([look.user, message, replies, joined]);
    return known.get(key) ?? drawMessage(message, replies, joined, key, withReplies);
  });
  const keep = new Set(wanted);
  const lost = [...log.children].some((node) => !keep.has(node) && node.contains(document.activeElement));
  for (const node of [...log.children]) if (!keep.has(node)) node.remove();
  wanted.forEach((node, nth) => log.children[nth] !== node && log.insertBefore(node, log.children[nth] ?? null));
  if (!messages.length) log.append(el("p", { class: "empty small" }, "Nothing here yet."));
  if (lost) (withReplies ? $("composer") : $("thread-composer")).focus();
  const fresh = wanted.some((node) => !known.has(node.dataset.key));
  if (fresh && (low || !known.size)) toEnd(log);
}

/** Scrolls to the newest message: to its end, or to its beginning where it is longer than the screen. */
function toEnd(log) {
  const last = log.lastElementChild;
  log.scrollTop = last && last.offsetHeight > log.clientHeight ? last.offsetTop - 4 : log.scrollHeight;
}

function avatar(message, person) {
  const app = message.user === state.app.user;
  const initials = app ? "p" : (person?.real_name ?? "S").split(" ").map((part) => part[0]).slice(0, 2).join("");
  const colour = app ? "bot" : `c${[...message.user].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 6}`;
  return el("span", { class: `avatar ${colour}`, "aria-hidden": "true" }, initials);
}

function drawMessage(message, replies, joined, key, withReplies) {
  const person = state.people.find((one) => one.id === message.user);
  const app = message.user === state.app.user;
  const name = app ? state.app.name : (person?.real_name ?? "Slackbot");
  const at = new Date(Number(message.ts) * 1000);
  const only = message.only_for ? el("p", { class: "only", "data-test": "ephemeral" }, "Only visible to you", button("Dismiss", { class: "link", "data-test": "dismiss", onclick: () => act({ do: "dismiss", message: message.ts }) })) : null;
  const head = joined ? null : el("div", { class: "who" }, el("strong", {}, name), app ? el("span", { class: "tag" }, "APP") : null, el("time", { datetime: at.toISOString(), title: at.toLocaleString() }, at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })));
  const body = message.blocks.length ? blocks(message.blocks, standing({ message: message.ts }, message.ts)) : el("div", { class: "text" }, mrkdwn(message.text, names), message.edited ? el("span", { class: "edited" }, " (edited)") : null);
  const files = message.files.map((file) => (file.mimetype === "image/png" ? el("figure", { class: "image" }, el("figcaption", {}, file.title), el("img", { class: "full", src: new URL(file.url_private, location.href).pathname, alt: file.title })) : el("a", { href: new URL(file.url_private, location.href).pathname }, file.title)));
  const thread = !withReplies || message.only_for ? null : button(replies ? `${replies} ${replies === 1 ? "reply" : "replies"}` : "Reply in thread", { class: replies ? "link replies" : "link reply", "data-test": "open-thread", onclick: () => openThread(message.ts) });
  return el("article", { class: `message ${message.only_for ? "ephemeral" : ""} ${joined ? "joined" : ""}`, "data-test": "message", "data-key": key, "data-ts": message.ts, "aria-label": `${name}: ${message.text.slice(0, 140)}` },
    joined ? el("span", { class: "gutter" }) : avatar(message, person), el("div", { class: "content" }, only, head, body, files, thread));
}

function openThread(ts) {
  look.thread = ts;
  draw();
  $("thread-composer").focus();
}

async function send(text, thread = null) {
  const line = text.trim();
  if (!line) return;
  if (sent.at(-1) !== line) sent.push(line);
  recalled = sent.length;
  $("form").setAttribute("aria-busy", "true");
  await act({ do: "send", channel: look.channel, text: line, thread_ts: thread });
  $("form").removeAttribute("aria-busy");
  toEnd(thread ? $("thread-log") : $("log"));
}

function compose(box, form, thread) {
  const fit = () => {
    box.rows = Math.min(8, box.value.split("\n").length);
  };
  box.addEventListener("input", fit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = box.value;
    box.value = "";
    fit();
    send(text, thread());
    box.focus();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const recalling = box.value === "" || box.value === sent[recalled];
    if (move && recalling && sent[recalled + move] !== undefined) {
      event.preventDefault();
      recalled += move;
      box.value = sent[recalled];
      fit();
    }
  });
}

function menu(open) {
  $("app").classList.toggle("with-side", open);
  $("menu").setAttribute("aria-expanded", String(open));
}

function live() {
  const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/sandbox/live`);
  socket.onopen = () => read();
  socket.onmessage = () => read();
  socket.onclose = () => setTimeout(live, 1000);
}

$("acting").addEventListener("change", () => {
  Object.assign(look, { user: $("acting").value, channel: state.channels.find((one) => one.id === look.channel)?.is_private ? null : look.channel, thread: null });
  read();
});
$("menu").addEventListener("click", () => menu(!$("app").classList.contains("with-side")));
$("tab-home").addEventListener("click", () => ((look.home = true), draw(), act({ do: "home" })));
$("tab-messages").addEventListener("click", () => ((look.home = false), draw()));
$("thread-close").addEventListener("click", () => ((look.thread = null), draw(), $("composer").focus()));
$("welcome-close").addEventListener("click", () => (localStorage.setItem("welcome", "no"), draw(), $("composer").focus()));
document.addEventListener("keydown", (event) => {
  const dialog = document.querySelector("dialog[open]");
  if (!dialog && document.activeElement === document.body && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) $("composer").focus();
  if (event.key === "Escape" && !dialog) {
    if ($("app").classList.contains("with-side")) menu(false), $("menu").focus();
    else if (look.thread) $("thread-close").click();
  }
});
compose($("composer"), $("form"), () => null);
compose($("thread-composer"), $("thread-form"), () => look.thread);
read().then(() => $("composer").focus());
live();
