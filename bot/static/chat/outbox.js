// Messages on their way to the server: one at a time, in order, each under its own id for ever, so that sending
// twice is harmless. A message leaves the list when its stored copy came back on the event stream.

import { sendMessage } from "./api.js";

const TRIES = 5;
const FIRST_WAIT_MS = 1000;

export class Outbox {
  /** hooks: token(), proof(item), save(items), changed(item), wait(seconds), renew(), expired(error). Item: {id, text?, button?, state, why?}. */
  constructor(items, hooks) {
    this.items = items.map((item) => Object.assign({}, item, { state: item.state === "failed" ? "failed" : "queued" }));
    this.hooks = hooks;
    this.busy = false;
    this.timer = null;
    this.told = false; // The server named the time to wait; the network's return does not shorten that.
    this.tries = 0;
  }

  add(item) {
    this.items.push(Object.assign(item, { state: "queued" }));
    this.hooks.save(this.items);
    this.hooks.changed(item);
    this.go();
  }

  /** The stored copy arrived; returns whether the message was ours to wait for. */
  stored(id) {
    const before = this.items.length;
    this.items = this.items.filter((item) => item.id !== id);
    if (this.items.length === before) return false;
    this.hooks.save(this.items);
    return true;
  }

  drop(id) {
    this.stored(id);
    this.go();
  }

  retry(id) {
    const item = this.items.find((one) => one.id === id);
    if (!item) return;
    this.tries = 0;
    this.mark(item, "queued");
    this.go();
  }

  /** The network is back: what had failed for want of it goes out again. */
  resume() {
    this.tries = 0;
    if (!this.told) this.later(0);
    for (const item of this.items) if (item.state === "failed" && !item.why) this.mark(item, "queued");
    this.go();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.items = [];
  }

  mark(item, state, why) {
    item.state = state;
    item.why = why || "";
    this.hooks.save(this.items);
    this.hooks.changed(item);
  }

  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.told = false;
      this.go();
    }, ms);
  }

  async go() {
    const token = this.hooks.token();
    const item = this.items.find((one) => one.state === "queued");
    if (!token || !item || this.busy || this.timer) return;
    this.busy = true;
    this.mark(item, "sending");
    const body = item.button ? { id: item.id, button: item.button } : { id: item.id, text: item.text };
    try {
      if (!item.button) body.proof = await this.hooks.proof(item);
      await sendMessage(token, body);
      this.tries = 0;
      if (this.items.indexOf(item) >= 0) this.mark(item, "sent");
    } catch (error) {
      if (this.items.indexOf(item) >= 0) this.failed(item, error);
    }
    this.busy = false;
    this.go();
  }

  failed(item, error) {
    if (error.kind === "renew") {
      this.mark(item, "queued");
      this.hooks.renew();
    } else if (error.kind === "expired") {
      this.mark(item, "failed");
      this.hooks.expired(error);
    } else if (error.kind === "wait") {
      this.mark(item, "queued");
      this.hooks.wait(error.retryAfter);
      this.told = true;
      this.later(error.retryAfter * 1000);
    } else if (error.kind === "refused") {
      this.mark(item, "failed", error.message || "refused");
    } else {
      if (navigator.onLine !== false) this.tries += 1;
      if (this.tries >= TRIES) {
        this.tries = 0;
        this.mark(item, "failed");
      } else {
        this.mark(item, "queued");
        this.later(FIRST_WAIT_MS * Math.pow(2, Math.max(this.tries - 1, 0)));
      }
    }
  }
}
