// Draws the conversation. Text reaches the page as text nodes only; nothing is ever parsed as HTML.

const GROUP_MS = 5 * 60 * 1000;
const NEAR_END_PX = 80;
const START_PX = 12;

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

const dayOf = (date) => [date.getFullYear(), date.getMonth(), date.getDate()].join("-");

export class View {
  /** hooks: press(button), retry(id), edit(id), focus(). `origins`: the addresses whose /pay/ links may be pressed. */
  constructor(parts, texts, locale, origins, hooks) {
    Object.assign(this, { parts, texts, locale, origins, hooks });
    this.stored = new Map();
    this.pending = new Map();
    this.choices = null;
    this.loading = false;
    this.lastAuthor = "";
    this.atEnd = true;
    parts.scroll.addEventListener("scroll", () => {
      this.atEnd = this.nearEnd();
      if (this.atEnd) parts.newest.hidden = true;
    }, { passive: true });
    if (window.ResizeObserver) {
      // A growing box, a banner or a keyboard must not cover the newest message.
      new ResizeObserver(() => this.atEnd && this.toEnd()).observe(parts.scroll);
    }
  }

  clear() {
    this.parts.log.textContent = "";
    this.stored.clear();
    this.pending.clear();
    this.choices = null;
    this.typing(false);
    this.parts.newest.hidden = true;
  }

  /** Draws what was said before without reading all of it aloud. */
  history(messages) {
    this.loading = true;
    this.parts.log.setAttribute("aria-live", "off");
    for (const message of messages) this.message(message);
    this.loading = false;
    this.toEnd();
    setTimeout(() => this.parts.log.setAttribute("aria-live", "polite"), 500);
  }

  /** A stored message: new, already known, or the stored copy of one drawn when it was sent. */
  message(message) {
    if (this.stored.has(message.id)) return false;
    const follow = this.nearEnd() || message.author === "debtor";
    let node = message.client_id ? this.pending.get(message.client_id) : null;
    if (node) {
      this.pending.delete(message.client_id);
      const bubble = node.querySelector(".bubble");
      if (bubble.textContent !== message.text) bubble.textContent = message.text;
      node.querySelector(".state").textContent = "";
      node.classList.remove("pending", "failed");
    } else {
      node = this.draw(message);
    }
    node.dataset.event = String(message.id);
    this.stamp(node, message.at);
    this.place(node, message.id);
    this.stored.set(message.id, node);
    if (message.author !== "debtor") this.typing(false);
    if (message.buttons && message.buttons.length) this.offer(node, message);
    else if (this.loading && message.author === "debtor") this.usedInHistory(message.text);
    this.scrolled(follow, message.author === "debtor" ? null : node);
    return true;
  }

  /** A message on its way: {id, text, at, state, why}. Draws it once, then follows its state. */
  outgoing(item) {
    let node = this.pending.get(item.id);
    if (!node) {
      node = this.draw({ author: "debtor", text: item.text });
      this.pending.set(item.id, node);
      this.stamp(node, item.at);
      this.place(node, Infinity);
      this.toEnd();
    }
    node.classList.add("pending");
    node.classList.toggle("failed", item.state === "failed");
    const state = node.querySelector(".state");
    state.textContent = "";
    if (item.state === "sending") state.appendChild(element("span", "later", this.texts.sending));
    if (item.state === "queued") state.appendChild(element("span", "", this.texts.queued));
    if (item.state !== "failed") return;
    const refused = item.why === "refused" ? this.texts.refused : item.why;
    state.appendChild(element("span", "", refused || this.texts.notSent));
    if (!item.why) state.appendChild(this.small(this.texts.tryAgain, (event) => {
      this.hooks.retry(item.id);
      this.handBack(event);
    }));
    if (!item.button) state.appendChild(this.small(this.texts.edit, () => this.hooks.edit(item.id)));
    if (this.nearEnd()) this.toEnd();
  }

  remove(id) {
    const node = this.pending.get(id);
    if (node) node.remove();
    this.pending.delete(id);
  }

  /** A line of the page's own, with an optional button. */
  notice(text, title, act) {
    const node = element("div", "message system");
    node.appendChild(element("p", "bubble", text));
    if (title) {
      const row = element("div", "choices");
      const button = element("button", "choice", title);
      button.type = "button";
      button.addEventListener("click", act);
      row.appendChild(button);
      node.appendChild(row);
    }
    this.parts.log.appendChild(node);
    this.toEnd();
    return node;
  }

  typing(on, name) {
    const parts = this.parts;
    const follow = this.nearEnd();
    parts.typing.hidden = !on;
    parts.typingText.textContent = on ? this.texts.typing(name || this.texts.assistant) : "";
    if (on && follow) this.toEnd();
  }

  nearEnd() {
    const box = this.parts.scroll;
    return box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
  }

  toEnd() {
    this.parts.scroll.scrollTop = this.parts.scroll.scrollHeight;
    this.parts.newest.hidden = true;
  }

  /** After something was added. A long answer is read from its beginning, so its end may stay below. */
  scrolled(follow, node) {
    if (this.loading) return;
    if (!follow) {
      this.parts.newest.hidden = false;
      return;
    }
    this.toEnd();
    if (!node) return;
    const above = this.parts.scroll.getBoundingClientRect().top - node.getBoundingClientRect().top;
    if (above <= 0) return;
    this.parts.scroll.scrollTop -= above + START_PX;
    this.parts.newest.hidden = this.nearEnd();
  }

  nameOf(message) {
    if (message.author === "debtor") return this.texts.you;
    if (message.author === "staff") return message.author_name || this.texts.colleague;
    return message.author === "bot" ? this.texts.assistant : this.texts.notice;
  }

  draw(message) {
    const node = element("div", `message ${message.author}`);
    const name = this.nameOf(message);
    node.dataset.who = `${message.author}:${name}`;
    node.appendChild(element("p", "who", name));
    const bubble = element("div", "bubble");
    const ours = message.author !== "debtor";
    const cardLink = ours && message.card ? this.ownLink(message.card.link, /./) : null;
    if (ours) this.fill(bubble, message.text, cardLink);
    else bubble.textContent = message.text;
    if (bubble.childNodes.length) node.appendChild(bubble);
    if (ours && message.card) node.appendChild(this.card(message.card, cardLink));
    const foot = element("p", "foot");
    foot.appendChild(element("time"));
    const state = element("span", "state");
    state.setAttribute("aria-live", "off");
    foot.appendChild(state);
    node.appendChild(foot);
    return node;
  }

  /** Puts text into a bubble; addresses of our own payment pages become buttons, all others stay text. */
  fill(bubble, text, cardLink) {
    let from = 0;
    const address = /https?:\/\/[^\s<>"']+/g;
    for (let found = address.exec(text); found; found = address.exec(text)) {
      const url = found[0].replace(/[.,;:!?)\]]+$/, "");
      const link = this.ownLink({ url, title: this.texts.pay }, /^\/pay\/[A-Za-z0-9_-]+$/);
      if (!link) continue;
      const lead = text.slice(from, found.index).replace(/\s+$/, "");
      if (lead) bubble.appendChild(document.createTextNode(lead));
      if (!cardLink || cardLink.href !== link.href) bubble.appendChild(link);
      from = found.index + url.length;
      from += /^[.,;]?\s*/.exec(text.slice(from))[0].length; // The button is a line of its own.
    }
    const rest = text.slice(from);
    if (rest) bubble.appendChild(document.createTextNode(rest));
  }

  /** An anchor to a page of our own whose path matches, or null. */
  ownLink(link, path) {
    if (!link || !link.url) return null;
    let url;
    try {
      url = new URL(link.url, location.origin);
    } catch (error) {
      return null;
    }
    if (this.origins.indexOf(url.origin) < 0 || !/^https?:$/.test(url.protocol) || !path.test(url.pathname)) return null;
    const anchor = element("a", "pay", link.title || this.texts.pay);
    anchor.href = url.href;
    anchor.target = "_blank";
    anchor.rel = "noopener noreferrer";
    anchor.appendChild(element("span", "unseen", ` (${this.texts.newTab})`));
    return anchor;
  }

  card(card, link) {
    const box = element("div", `card ${/^[a-z_]+$/.test(card.kind || "") ? card.kind : ""}`);
    const rows = card.rows || [];
    if (rows.length) {
      const table = element("table");
      if (card.title) table.appendChild(element("caption", "", card.title));
      const body = element("tbody");
      for (const row of rows) {
        const line = element("tr");
        const label = element("th", "", String(row.label));
        label.scope = "row";
        line.appendChild(label);
        line.appendChild(element("td", "", String(row.value)));
        body.appendChild(line);
      }
      table.appendChild(body);
      box.appendChild(table);
    } else if (card.title) {
      box.appendChild(element("p", "title", card.title));
    }
    if (link) box.appendChild(link);
    else if (card.link && card.link.url) box.appendChild(element("p", "address", card.link.url));
    return box;
  }

  /** Choices beneath a message. Only those of the newest message that has any can be pressed. */
  offer(node, message) {
    const row = element("div", "choices");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", this.texts.choices);
    for (const choice of message.buttons) {
      const button = element("button", "choice", choice.title);
      button.type = "button";
      button.disabled = Boolean(choice.used || choice.disabled);
      button.addEventListener("click", (event) => {
        if (this.choices !== row) return;
        this.settle(row, button);
        this.hooks.press(choice);
        this.handBack(event);
      });
      row.appendChild(button);
    }
    node.insertBefore(row, node.querySelector(".foot").nextSibling);
    const newer = !this.choices || Number(this.choices.parentNode.dataset.event) < message.id;
    if (newer && this.choices) this.settle(this.choices);
    if (newer) this.choices = row;
    else this.settle(row);
  }

  settle(row, chosen) {
    for (const button of row.querySelectorAll("button")) button.disabled = true;
    if (chosen) {
      chosen.classList.add("chosen");
      chosen.appendChild(element("span", "unseen", ` (${this.texts.chosen})`));
    }
    if (this.choices === row) this.choices = null;
  }

  /** After a reload the only trace of a press is the debtor's message with the button's title. */
  usedInHistory(text) {
    if (!this.choices) return;
    const buttons = Array.from(this.choices.querySelectorAll("button"));
    const chosen = buttons.find((button) => button.textContent === text);
    if (chosen) this.settle(this.choices, chosen);
  }

  /** A button that is gone or off cannot keep the focus. By touch nothing moves: a keyboard would pop up. */
  handBack(event) {
    if (event.detail === 0) this.hooks.focus();
  }

  small(title, act) {
    const button = element("button", "small", title);
    button.type = "button";
    button.addEventListener("click", act);
    return button;
  }

  stamp(node, at) {
    const date = at ? new Date(at) : new Date();
    const time = node.querySelector("time");
    node.dataset.at = String(date.getTime());
    time.dateTime = date.toISOString();
    time.textContent = date.toLocaleTimeString(this.locale, { hour: "2-digit", minute: "2-digit" });
  }

  /** Puts a message where its event id belongs, with a day line before it and its name shown once per group. */
  place(node, id) {
    const log = this.parts.log;
    let before = null;
    for (let last = log.lastElementChild; last; last = last.previousElementSibling) {
      if (last === node || last.classList.contains("day")) continue;
      const event = last.classList.contains("pending") ? Infinity : Number(last.dataset.event || 0);
      if (event <= id) break;
      before = last;
    }
    // A node that already stands right is not moved: moving it would have it read aloud again.
    if (node.parentNode !== log || node.nextElementSibling !== before) log.insertBefore(node, before);
    this.headed(node);
    if (before) this.headed(before);
  }

  headed(node) {
    const date = new Date(Number(node.dataset.at));
    let previous = node.previousElementSibling;
    if (previous && previous.classList.contains("day") && previous.dataset.day === dayOf(date)) {
      node.classList.remove("follows");
      return;
    }
    while (previous && !previous.dataset.at) previous = previous.previousElementSibling;
    const sameDay = previous && dayOf(new Date(Number(previous.dataset.at))) === dayOf(date);
    if (!sameDay) {
      const line = element("p", "day", this.dayName(date));
      line.dataset.day = dayOf(date);
      this.parts.log.insertBefore(line, node);
    }
    const follows = sameDay && previous.dataset.who === node.dataset.who
      && Number(node.dataset.at) - Number(previous.dataset.at) < GROUP_MS;
    node.classList.toggle("follows", Boolean(follows));
  }

  dayName(date) {
    const now = new Date();
    if (dayOf(date) === dayOf(now)) return this.texts.today;
    const eve = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
    if (dayOf(date) === dayOf(eve)) return this.texts.yesterday;
    const form = { weekday: "long", day: "numeric", month: "long" };
    if (date.getFullYear() !== now.getFullYear()) form.year = "numeric";
    return date.toLocaleDateString(this.locale, form);
  }
}
