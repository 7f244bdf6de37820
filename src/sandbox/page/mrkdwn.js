// Slack's mrkdwn to DOM nodes. Nothing is ever parsed as HTML.

import { el, safeLink } from "./dom.js";

const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", tada: "🎉", rocket: "🚀", eyes: "👀", fire: "🔥", heart: "❤️", wave: "👋", pray: "🙏",
  clap: "👏", muscle: "💪", bulb: "💡", mag: "🔍", memo: "📝", pencil: "📝", lock: "🔒", key: "🔑", bell: "🔔", no_bell: "🔕",
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", no_entry: "⛔", question: "❓", exclamation: "❗",
  red_circle: "🔴", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫",
  arrow_up: "⬆️", arrow_down: "⬇️", arrow_right: "➡️", arrow_left: "⬅️", arrow_upper_right: "↗️", arrow_lower_right: "↘️",
  chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", bar_chart: "📊", calendar: "📅", clock1: "🕐", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", stopwatch: "⏱️", package: "📦", bug: "🐛", wrench: "🔧", hammer_and_wrench: "🛠️", gear: "⚙️",
  rotating_light: "🚨", ambulance: "🚑", shield: "🛡️", trophy: "🏆", star: "⭐", sparkles: "✨", seedling: "🌱", herb: "🌿", turtle: "🐢",
  information_source: "ℹ️", link: "🔗", speech_balloon: "💬", thinking_face: "🤔", slightly_smiling_face: "🙂", smile: "😄",
  neutral_face: "😐", slightly_frowning_face: "🙁", traffic_light: "🚦", dart: "🎯", compass: "🧭", books: "📚", robot_face: "🤖",
};

const word = (letter) => letter !== undefined && /[\p{L}\p{N}]/u.test(letter);

/** The three entities Slack uses. */
export function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Shortcodes to emoji in plain text. */
export function emojied(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

/** A plain_text object as it is shown: Slack keeps its text escaped, and shows it unescaped. */
export function plain(object) {
  return emojied(unescape(object?.text ?? ""));
}

/** A mrkdwn text as nodes. `names` finds people and channels: `{ user(id), channel(id) }`. */
export function mrkdwn(text, names) {
  const out = document.createDocumentFragment();
  text.split(/```/).forEach((part, nth, parts) => {
    if (nth % 2 === 1 && nth < parts.length - 1) out.append(el("pre", {}, unescape(part.replace(/^\n|\n$/g, ""))));
    else lines(nth % 2 === 1 ? "```" + part : part, names, out);
  });
  return out;
}

function lines(text, names, out) {
  let quote = null;
  const all = text.replace(/^\n/, out.lastChild?.nodeName === "PRE" ? "" : "\n").split("\n");
  all.forEach((line, nth) => {
    const quoted = line.match(/^(?:&gt;|>) ?(.*)$/);
    if (quoted) {
      if (!quote) out.append((quote = el("blockquote")));
      else quote.append(el("br"));
      quote.append(inline(quoted[1], names));
      return;
    }
    if (nth > 0 && !quote) out.append(el("br"));
    quote = null;
    out.append(inline(line, names));
  });
}

/** One line: code, links, emoji, bold, italic, strike. */
function inline(text, names) {
  const out = document.createDocumentFragment();
  let plain = "";
  const flush = () => {
    if (plain) out.append(unescape(plain));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const found = piece(text, at, names);
    if (found) {
      flush();
      out.append(found.node);
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return out;
}

const STYLES = { "*": "strong", _: "em", "~": "s" };

function piece(text, at, names) {
  const letter = text[at];
  if (letter === "`") {
    const end = text.indexOf("`", at + 1);
    return end > at + 1 ? { node: el("code", {}, unescape(text.slice(at + 1, end))), end: end + 1 } : null;
  }
  if (letter === "<") {
    const end = text.indexOf(">", at);
    return end > at + 1 ? { node: reference(text.slice(at + 1, end), names), end: end + 1 } : null;
  }
  if (letter === ":") {
    const found = text.slice(at).match(/^:([a-z0-9_+-]+):/);
    return found && EMOJI[found[1]] ? { node: el("span", { role: "img", "aria-label": found[1].replaceAll("_", " ") }, EMOJI[found[1]]), end: at + found[0].length } : null;
  }
  if (!STYLES[letter] || word(text[at - 1]) || !text[at + 1] || /\s/.test(text[at + 1])) return null;
  for (let end = text.indexOf(letter, at + 2); end > 0; end = text.indexOf(letter, end + 1)) {
    if (!/\s/.test(text[end - 1]) && !word(text[end + 1])) {
      return { node: el(STYLES[letter], {}, inline(text.slice(at + 1, end), names)), end: end + 1 };
    }
  }
  return null;
}

function reference(inner, names) {
  const [target, label] = inner.split("|", 2);
  if (target.startsWith("@")) return el("span", { class: "pill" }, "@" + (names.user(target.slice(1)) ?? label ?? target.slice(1)));
  if (target.startsWith("#")) return el("span", { class: "pill" }, "#" + (names.channel(target.slice(1)) ?? label ?? target.slice(1)));
  if (target.startsWith("!date")) return el("time", {}, unescape(label ?? ""));
  if (target.startsWith("!")) return el("span", { class: "pill loud" }, unescape(label ?? "@" + target.slice(1).split("^")[0]));
  const href = safeLink(unescape(target));
  const words = unescape(label ?? target);
  return href ? el("a", { href, target: "_blank", rel: "noopener noreferrer" }, words) : document.createTextNode(words);
}
