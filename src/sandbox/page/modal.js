// Modals: native dialogs, so that focus stays inside, Escape closes and focus goes back to where it was.

import { button, el } from "./dom.js";
import { blocks } from "./blocks.js";
import { plain } from "./mrkdwn.js";

const open = new Map();

/** Asks an element's confirm dialog; true where there is none. */
export function confirmed(object) {
  if (!object) return Promise.resolve(true);
  return new Promise((settle) => {
    const done = (yes) => () => (dialog.close(), dialog.remove(), settle(yes));
    const dialog = el("dialog", { class: "modal confirm", "data-test": "confirm", "aria-label": plain(object.title) },
      el("h2", {}, plain(object.title)), el("p", {}, plain(object.text)),
      el("footer", {}, button(plain(object.deny), { class: "btn", "data-test": "confirm-no", onclick: done(false) }),
        button(plain(object.confirm), { class: `btn ${object.style ?? "primary"}`, "data-test": "confirm-yes", onclick: done(true) })));
    dialog.addEventListener("cancel", done(false));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Shows a person's stack of views: draws what is new or changed, closes what is gone. `at(view)` as blocks.js wants it. */
export function showModals(views, at, acts) {
  for (const [id, known] of [...open].reverse()) {
    if (!views.some((view) => view.id === id)) {
      known.dialog.close();
      known.dialog.remove();
      open.delete(id);
    }
  }
  for (const view of views) {
    const print = JSON.stringify([view.hash, view.errors]);
    let known = open.get(view.id);
    if (!known) {
      const dialog = el("dialog", { class: "modal", "data-test": "modal", "data-view": view.id });
      dialog.addEventListener("cancel", (event) => (event.preventDefault(), acts.close()));
      known = { dialog, held: {}, print: null };
      open.set(view.id, known);
      document.body.append(dialog);
      draw(view, known, at, acts);
      dialog.showModal();
      (dialog.querySelector("[autofocus]") ?? dialog.querySelector(".body :is(input, select, textarea)"))?.focus();
    } else if (known.print !== print) {
      draw(view, known, at, acts);
    }
    known.print = print;
  }
}

/** The action ids in a block: an input of another action id is another input, and what was held of the old one is gone. */
function actions(block) {
  return [block.element, block.accessory, ...(block.elements ?? [])].map((element) => element?.action_id);
}

function draw(view, known, at, acts) {
  const focused = known.dialog.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const body = view.body;
  const words = (name, otherwise) => plain(body[name] ?? { text: otherwise });
  const title = el("h2", { id: `t-${view.id}` }, words("title", ""));
  const close = button("×", { class: "close", "aria-label": "Close", "data-test": "modal-close", onclick: acts.close });
  const submit = body.submit ? el("button", { type: "submit", class: "btn primary", "data-test": "modal-submit" }, words("submit", "Submit")) : null;
  const trouble = view.errors[""] ? el("p", { class: "error", role: "alert" }, view.errors[""]) : null;
  const form = el("form", { novalidate: true }, el("header", {}, title, close), trouble,
    el("div", { class: "body", tabindex: "-1" }, blocks(body.blocks, { ...at(view), held: known.held, errors: view.errors })),
    el("footer", {}, button(words("close", submit ? "Cancel" : "Close"), { class: "btn", "data-test": "modal-cancel", onclick: acts.close }), submit));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit?.setAttribute("aria-busy", "true");
    const values = Object.entries(known.held).flatMap(([block, actions]) => Object.entries(actions).map(([action, choice]) => [block, action, choice]));
    const there = ([block, action]) => body.blocks.some((one) => one.block_id === block && actions(one).includes(action));
    await acts.submit(view, values.filter(there));
    submit?.removeAttribute("aria-busy");
  });
  known.dialog.setAttribute("aria-labelledby", title.id);
  known.dialog.replaceChildren(form);
  const again = focused && form.querySelector(`[data-key="${CSS.escape(focused)}"]`);
  (form.querySelector("[aria-invalid]") ?? again)?.focus();
}
