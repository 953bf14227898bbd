// What pages do beyond links and forms: passkeys, news, keys. Every page works without it.
"use strict";

const POSTED = { "Content-Type": "application/x-www-form-urlencoded" };

// Passkeys ------------------------------------------------------------------------------------------

const NO_PASSKEYS = "This browser cannot do passkeys. A current Firefox, Chrome, Edge or Safari can.";

function problem(words) {
  const place = document.getElementById("passkey-problem");
  place.textContent = words;
  place.hidden = !words;
}

async function sent(address, body, headers) {
  const answer = await fetch(address, { method: "POST", body, headers });
  if (!answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    throw new Error(page.querySelector("main p")?.textContent || page.body.textContent || answer.statusText);
  }
  return answer.json();
}

async function signIn(button) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await sent("/enter/passkey/question"));
  const credential = await navigator.credentials.get({ publicKey });
  await sent("/enter/passkey", JSON.stringify(credential), { "Content-Type": "application/json" });
  location.assign(button.dataset.to);
}

async function enrol() {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(await sent("/me/passkeys/question"));
  const credential = await navigator.credentials.create({ publicKey });
  await sent("/me/passkeys", new URLSearchParams({ answered: JSON.stringify(credential) }), POSTED);
  location.assign("/me");
}

async function sign() {
  const form = document.getElementById("signing");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(form.dataset.options));
  form.elements.signature.value = JSON.stringify(await navigator.credentials.get({ publicKey }));
  form.requestSubmit();
}

const PASSKEY = { enrol, sign, "sign-in": signIn };

for (const button of document.querySelectorAll("[data-passkey]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return problem(NO_PASSKEYS);
    button.disabled = true;
    problem("");
    try {
      await PASSKEY[button.dataset.passkey](button);
    } catch (wrong) {
      problem(wrong.name === "NotAllowedError" ? "Nothing was signed. Try again." : wrong.message);
    } finally {
      button.disabled = false;
    }
  });
}

// News: the server names what changed, the page is read anew ------------------------------------------

function listen() {
  const news = new EventSource("/events");
  news.addEventListener("changed", (event) => {
    const page = document.getElementById("page");
    const hears = new Set((page.dataset.hears || "").split(" "));
    const names = event.data.split(" ");
    if (names.some((name) => name === "*" || hears.has(name))) htmx.trigger(page, "news");
  });
  addEventListener("pagehide", () => news.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

if (document.getElementById("page").dataset.hears) listen();

// One answer: both buttons are dead while it travels ------------------------------------------------------

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-once]");
  if (!form) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  // Afterwards, or the button that was pressed would not be sent.
  setTimeout(() => [...form.elements].forEach((each) => each.matches("button") && (each.disabled = true)));
});

// Keys -------------------------------------------------------------------------------------------------

const KEYS_OFF = "kontor-keys-off";
const off = document.getElementById("keys-off");
if (off) {
  off.checked = localStorage.getItem(KEYS_OFF) === "1";
  off.addEventListener("change", () => localStorage.setItem(KEYS_OFF, off.checked ? "1" : "0"));
}

let before = "";

function step(by) {
  const lines = [...document.querySelectorAll("[data-line]")];
  const here = lines.indexOf(document.activeElement);
  const next = here < 0 && by < 0 ? lines.length - 1 : here + by;
  lines[Math.max(0, Math.min(lines.length - 1, next))]?.focus();
}

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select");
  if (event.key === "Escape") return document.activeElement.blur();
  if (field || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(KEYS_OFF) === "1") return;
  const pressed = before ? `${before} ${event.key}` : event.key;
  before = "";
  if (event.key === "g" && pressed === "g") {
    before = "g";
    return;
  }
  if (pressed === "x") document.activeElement.closest("li")?.querySelector(".tick input")?.click();
  else if (pressed === "j") step(1);
  else if (pressed === "k") step(-1);
  else {
    const found = document.querySelector(`[data-key="${CSS.escape(pressed)}"]`);
    if (!found) return;
    found.matches("input, textarea, select") ? found.focus() : found.click();
  }
  event.preventDefault();
});
