// Server-sent events read with fetch, because EventSource cannot send an Authorization header.
// Reconnects for ever with growing waits and Last-Event-ID; gives up only when the session is over.

import { ApiError, failure, readHistory } from "./api.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30000;
const SILENCE_MS = 60000; // The server sends a comment line every few seconds; longer silence is a dead line.
const POLL_MS = 4000; // Only for browsers that cannot read a body as it arrives.

/** Splits a text stream into events {id, type, data}; keeps an unfinished rest for the next piece. */
export function eventParser(onEvent) {
  let rest = "";
  return (piece) => {
    rest += piece;
    const end = rest.endsWith("\r") ? rest.length - 1 : rest.length;
    const lines = rest.slice(0, end).split(/\r\n|\n|\r/);
    let used = 0;
    let event = { id: null, type: "message", data: [] };
    let start = 0;
    for (let i = 0; i < lines.length - 1; i += 1) {
      const line = lines[i];
      used += line.length;
      used += rest.substr(used, 2) === "\r\n" ? 2 : 1;
      if (line === "") {
        start = used;
        if (event.data.length) onEvent({ id: event.id, type: event.type, data: event.data.join("\n") });
        event = { id: null, type: "message", data: [] };
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") event.data.push(value);
      else if (field === "event") event.type = value;
      else if (field === "id") event.id = value;
    }
    rest = rest.slice(start);
  };
}

export class EventStream {
  /** handlers: message(object), typing(object), session(object), up(), down(), renew(), expired(error). */
  constructor(token, lastId, handlers) {
    this.token = token;
    this.lastId = lastId;
    this.handlers = handlers;
    this.failures = 0;
    this.stopped = false;
    this.control = null;
    this.wake = null;
  }

  start() {
    this.run();
  }

  stop() {
    this.stopped = true;
    if (this.control) this.control.abort();
    this.hurry();
  }

  /** Ends a waiting pause: the network is back, or the page is looked at again. */
  hurry() {
    if (this.wake) this.wake();
  }

  async run() {
    while (!this.stopped) {
      let wait = FIRST_WAIT_MS;
      try {
        await this.readOnce();
      } catch (error) {
        if (this.stopped) return;
        if (error.kind === "expired" || error.kind === "renew") {
          this.stopped = true;
          this.handlers[error.kind](error);
          return;
        }
        this.failures += 1;
        wait = Math.min(FIRST_WAIT_MS * Math.pow(2, this.failures - 1), LONGEST_WAIT_MS);
        if (error.kind === "wait") wait = Math.max(wait, error.retryAfter * 1000);
        if (this.failures > 1 || navigator.onLine === false) this.handlers.down();
      }
      if (!this.stopped) await this.pause(wait * (0.8 + 0.4 * Math.random()));
    }
  }

  /** Opens the line anew, to find out whether it still works. */
  check() {
    if (this.control) this.control.abort();
    this.hurry();
  }

  pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async readOnce() {
    this.control = new AbortController();
    let silence = setTimeout(() => this.control.abort(), SILENCE_MS);
    try {
      const response = await fetch("/api/chat/events", {
        headers: {
          Accept: "text/event-stream",
          Authorization: `Bearer ${this.token}`,
          "Last-Event-ID": String(this.lastId),
        },
        cache: "no-store",
        signal: this.control.signal,
      });
      if (!response.ok) throw await failure(response);
      this.failures = 0;
      this.handlers.up();
      if (!response.body || !response.body.getReader || !window.TextDecoder) {
        this.control.abort();
        await this.poll();
        return;
      }
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      const parse = eventParser((event) => this.take(event));
      for (;;) {
        const { value, done } = await reader.read();
        if (done || this.stopped) return;
        clearTimeout(silence);
        silence = setTimeout(() => this.control.abort(), SILENCE_MS);
        parse(decoder.decode(value, { stream: true }));
      }
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError("offline");
    } finally {
      clearTimeout(silence);
    }
  }

  async poll() {
    while (!this.stopped) {
      const history = await readHistory(this.token);
      for (const message of history.messages) {
        if (message.id > this.lastId) this.take({ id: String(message.id), type: "message", data: JSON.stringify(message) });
      }
      await this.pause(POLL_MS);
    }
  }

  take(event) {
    let data;
    try {
      data = JSON.parse(event.data);
    } catch (error) {
      return; // Nothing a person could read; the history has the message.
    }
    const id = parseInt(event.id, 10);
    if (id > this.lastId) this.lastId = id;
    if (event.type === "message" && data.id === undefined && id) data.id = id;
    const handler = this.handlers[event.type];
    if (handler && ["message", "typing", "session"].indexOf(event.type) >= 0) handler(data);
  }
}
