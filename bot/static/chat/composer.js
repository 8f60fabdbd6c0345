// The box a message is written in: grows with its text, Enter sends, counts near the limit.

const LONGEST = 4000; // The server refuses more.
const COUNT_FROM = 3500;

const lengthOf = (text) => (text.length > COUNT_FROM / 2 ? Array.from(text).length : text.length);

export class Composer {
  constructor(parts, texts, send) {
    Object.assign(this, parts, { texts, onSend: send, on: true });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("input", () => this.changed());
  }

  submit() {
    const text = this.text.value.trim();
    if (!text || !this.on || lengthOf(text) > LONGEST) return;
    this.clear();
    this.onSend(text);
    this.focus();
  }

  changed() {
    const length = lengthOf(this.text.value.trim());
    this.count.textContent = length > LONGEST ? this.texts.tooLong(length - LONGEST)
      : length > COUNT_FROM ? this.texts.left(LONGEST - length) : "";
    this.count.classList.toggle("over", length > LONGEST);
    this.text.setAttribute("aria-invalid", String(length > LONGEST));
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight + 2}px`;
  }

  /** Puts a text that was not sent back, after what is there. */
  restore(text) {
    this.text.value = this.text.value ? `${this.text.value}\n${text}` : text;
    this.changed();
    this.focus();
  }

  clear() {
    this.text.value = "";
    this.changed();
  }

  enable(on) {
    this.on = on;
    this.send.disabled = !on;
    this.text.readOnly = !on;
    this.form.classList.toggle("off", !on);
  }

  focus() {
    this.text.focus({ preventScroll: true });
  }
}
