// The chat page: starts or resumes a session, then keeps screen, outbox and event stream together.

import { localeOf, plainLocale, timeZone } from "./place.js";
import { askNonce, readHistory, renewSession, startSession, uuid } from "./api.js";
import { takeFragment } from "./arrival.js";
import { Composer } from "./composer.js";
import { EventStream } from "./events.js";
import { embedded, frame } from "./frame.js";
import { dropKey, makeKey, sign, takeUpKey } from "./key.js";
import { Outbox } from "./outbox.js";
import * as store from "./store.js";
import { textsFor } from "./texts.js";
import { View } from "./view.js";

const part = (id) => document.getElementById(id);
let arrival = takeFragment();
const locale = plainLocale(arrival.locale || localeOf(navigator.language, timeZone()));
const { code, texts } = textsFor(locale);
const site = document.querySelector("meta[name=site]").content;
const dateLocale = locale.toLowerCase().startsWith(code) ? locale : code;

let generation = 0; // Grows with each session, so that answers to an older one are dropped.
let stream = null;
let outbox = null;
let over = false;
let renewing = false;
let shown = true;
let unread = 0;
let personTimer = null;

const view = new View(
  { log: part("log"), scroll: part("scroll"), newest: part("newest"), typing: part("typing"), typingText: part("typing-text") },
  texts, dateLocale, [location.origin, site], {
    press: (button) => send({ button: button.id, text: button.title }),
    retry: (id) => outbox.retry(id),
    focus: () => composer.focus(),
    edit: (id) => {
      const item = outbox.items.find((one) => one.id === id);
      if (item) composer.restore(item.text);
      view.remove(id);
      outbox.drop(id);
    },
  },
);
const composer = new Composer({ form: part("composer"), text: part("text"), send: part("send"), count: part("count") }, texts,
  (text) => send({ text }));
const host = frame({
  shown: () => {
    shown = true;
    seen();
    view.toEnd();
    composer.focus();
  },
  hidden: () => {
    shown = false;
  },
});

function send(message) {
  if (over) return;
  outbox.add(Object.assign({ id: uuid(), at: new Date().toISOString() }, message));
}

function banner(text) {
  part("banner").textContent = text || "";
}

function seen() {
  unread = 0;
  document.title = texts.title;
  host.unread(0);
}

function whoIsHere(author, name) {
  part("who").textContent = author === "staff" ? texts.withPerson(name || texts.colleague) : texts.automated;
}

function newOutbox(items) {
  if (outbox) outbox.stop();
  const mine = generation;
  outbox = new Outbox(items, {
    token: () => (renewing ? null : store.get("token")),
    proof: (item) => sign(`message\n${store.get("conversation")}\n${item.id}\n${item.text}`),
    renew: () => mine === generation && renew(),
    save: (list) => store.set("pending", list.length ? list : null),
    changed: (item) => {
      view.outgoing(item);
      if (item.state === "failed") part("alert").textContent = item.why && item.why !== "refused" ? item.why : texts.notSent;
      else if (item.state === "sent") part("alert").textContent = "";
    },
    wait: (seconds) => {
      banner(texts.wait(seconds));
      setTimeout(() => mine === generation && banner(""), seconds * 1000);
    },
    expired: (error) => mine === generation && expired(error),
  });
}

function take(message) {
  if (message.client_id) outbox.stored(message.client_id);
  const known = !view.message(message);
  if (message.author === "bot" || message.author === "staff") whoIsHere(message.author, message.author_name);
  return !known;
}

function listen(token, lastId) {
  const mine = generation;
  stream = new EventStream(token, lastId, {
    message: (message) => {
      if (mine !== generation || !take(message) || message.author === "debtor") return;
      part("person").disabled = false;
      if (document.hidden || !shown) {
        unread += 1;
        document.title = texts.unread(unread);
        host.unread(unread);
      }
    },
    typing: (typing) => mine === generation && view.typing(typing.on !== false, typing.author === "staff" ? typing.name || texts.colleague : ""),
    session: (session) => {
      if (mine !== generation) return;
      if (session.state === "renew") renew();
      else if (["expired", "ended", "closed"].indexOf(session.state) >= 0) expired();
      else if (session.owner) whoIsHere(session.owner, session.name);
    },
    up: () => {
      if (mine !== generation) return;
      banner("");
      view.typing(false); // A new stream says again what is still true.
      outbox.resume();
    },
    down: () => mine === generation && banner(navigator.onLine === false ? texts.offline : texts.reconnecting),
    renew: () => mine === generation && renew(),
    expired: (error) => mine === generation && expired(error),
  });
  stream.start();
}

/** Runs a call until it works; only answers that mean something else than "later" get out. */
async function patiently(call, mine) {
  for (let tries = 0; mine === generation; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (["expired", "refused", "renew"].indexOf(error.kind) >= 0) throw error;
      let wait = Math.min(1000 * Math.pow(2, tries), 30000);
      if (error.kind === "wait") {
        wait = error.retryAfter * 1000;
        banner(texts.waitStart(error.retryAfter));
      } else if (tries > 0) {
        banner(navigator.onLine === false ? texts.offline : texts.reconnecting);
      }
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
        if (error.kind !== "wait") window.addEventListener("online", resolve, { once: true });
      });
    }
  }
  return null;
}

async function begin(brought, pending) {
  generation += 1;
  const mine = generation;
  if (stream) stream.stop();
  over = false;
  renewing = false;
  composer.enable(true);
  part("person").disabled = false;
  whoIsHere("bot");
  store.set("token", null);
  newOutbox(pending || []);
  dropKey();
  const client = uuid();
  const key = await makeKey(client);
  if (mine !== generation) return;
  store.set("client", key ? client : null);
  const body = Object.assign({ locale }, key ? { client_key: key } : {}, brought);
  let session;
  try {
    session = await patiently(() => startSession(body), mine);
  } catch (error) {
    if (mine !== generation) return;
    if (brought.link || brought.identity) {
      view.notice(texts.badLink);
      begin({}, outbox.items);
    } else {
      closed(error.message || texts.refused);
    }
    return;
  }
  if (mine !== generation || !session) return;
  banner("");
  store.set("conversation", session.conversation_id);
  store.set("token", session.token);
  listen(session.token, 0);
  outbox.go();
}

async function resume(token) {
  generation += 1;
  const mine = generation;
  newOutbox(store.get("pending") || []);
  const client = store.get("client");
  const keyed = !client || (await takeUpKey(client));
  if (mine !== generation) return;
  let history;
  try {
    if (!keyed) throw new Error("the session's key is gone");
    history = await patiently(() => readHistory(token), mine);
  } catch (error) {
    if (mine !== generation) return;
    if (error.kind === "renew") renew();
    else expired(error);
    return;
  }
  if (mine !== generation || !history) return;
  banner("");
  const messages = history.messages || [];
  for (const message of messages) if (message.client_id) outbox.stored(message.client_id);
  view.history(messages);
  const last = messages.filter((message) => message.author === "bot" || message.author === "staff").pop();
  if (last) whoIsHere(last.author, last.author_name);
  for (const item of outbox.items) view.outgoing(item);
  listen(token, messages.reduce((most, message) => Math.max(most, message.id), 0));
  outbox.go();
}

/** Somebody was verified, which ended the old token: prove the key and go on with a new one, missing nothing. */
async function renew() {
  if (renewing || over) return;
  const mine = generation;
  const token = store.get("token");
  renewing = true;
  const seenTo = stream ? stream.lastId : null;
  if (stream) stream.stop();
  try {
    const session = await patiently(async () => {
      const { nonce } = await askNonce(token);
      return renewSession(token, { nonce, signature: await sign(`renew\n${store.get("conversation")}\n${nonce}`) });
    }, mine);
    if (mine !== generation || !session) return;
    renewing = false;
    banner("");
    store.set("token", session.token);
    if (seenTo === null) resume(session.token);
    else listen(session.token, seenTo);
    outbox.go();
  } catch (error) {
    if (mine === generation) expired(error);
  }
}

/** The session is over: say so, keep what was not sent in the box, start anew only when asked. */
function expired(error) {
  closed(error && error.kind === "expired" && error.message !== error.kind ? error.message : texts.expired);
}

function closed(text) {
  if (over) return;
  over = true;
  generation += 1;
  if (stream) stream.stop();
  const unsent = outbox.items.filter((item) => !item.button);
  outbox.stop();
  store.clear();
  dropKey();
  view.typing(false);
  banner("");
  for (const item of unsent) {
    view.remove(item.id);
    composer.restore(item.text);
  }
  composer.enable(false);
  part("person").disabled = true;
  if (view.choices) view.settle(view.choices);
  view.notice(text, texts.startNew, () => {
    view.clear();
    begin({});
    composer.focus();
  });
}

/** Leaves no trace on this screen, and asks the server to end the session as well. */
function leave() {
  const token = store.get("token");
  generation += 1;
  over = true;
  if (stream) stream.stop();
  if (outbox) outbox.stop();
  store.clear();
  dropKey();
  view.clear();
  composer.clear();
  banner("");
  part("alert").textContent = "";
  arrival = {};
  part("panel").hidden = true;
  part("gone").hidden = false;
  seen();
  if (token) {
    const ended = { method: "DELETE", headers: { Authorization: `Bearer ${token}` }, keepalive: true };
    fetch("/api/chat/session", ended).catch(() => {});
  }
  if (embedded) host.left();
  else part("again").focus();
}

function wire() {
  document.documentElement.lang = code;
  document.documentElement.classList.toggle("embedded", embedded);
  part("close").hidden = !embedded;
  part("close").addEventListener("click", host.close);
  part("leave").addEventListener("click", leave);
  part("newest").addEventListener("click", () => {
    view.toEnd();
    part("scroll").focus({ preventScroll: true });
  });
  part("person").addEventListener("click", () => {
    send({ text: texts.person });
    part("person").disabled = true; // One request is enough; it comes back with the answer.
    clearTimeout(personTimer);
    personTimer = setTimeout(() => {
      if (!over) part("person").disabled = false;
    }, 10000);
    composer.focus();
  });
  part("again").addEventListener("click", () => {
    part("gone").hidden = true;
    part("panel").hidden = false;
    begin({});
    composer.focus();
  });
  window.addEventListener("online", () => {
    if (stream) stream.hurry();
    if (outbox) outbox.resume();
  });
  window.addEventListener("offline", () => {
    if (stream) stream.check();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    if (shown) seen();
    if (stream) stream.hurry();
  });
  window.addEventListener("hashchange", () => {
    arrival = takeFragment();
    if (!arrival.link && !arrival.identity) return;
    view.clear();
    begin(arrival);
  });
  if (window.visualViewport) {
    // An on-screen keyboard makes the visible part smaller than the window: keep the box above it.
    const fit = () => {
      const end = view.nearEnd();
      part("panel").style.setProperty("--seen", `${window.visualViewport.height}px`);
      if (end) view.toEnd();
    };
    window.visualViewport.addEventListener("resize", fit);
    fit();
  }
}

wire();
const token = store.get("token");
if (arrival.link || arrival.identity || !token) begin(arrival);
else resume(token);
arrival = {};
host.ready();
if (!embedded && window.matchMedia("(pointer: fine)").matches) composer.focus();
