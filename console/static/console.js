/* What htmx does not do by itself: scrolling, the alarm in the title, what is being typed, whether anybody is there. */
"use strict";

const ourTitle = document.title;
let activeSince = true;
let wasAtEnd = true;

/* Somebody is there: only real activity keeps the session open and counts as being on duty. */
for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) {
  document.addEventListener(kind, () => { activeSince = true; }, { passive: true });
}
document.addEventListener("htmx:config:request", (event) => {
  if (activeSince) event.detail.ctx.request.headers["X-Active"] = "1";
  activeSince = false;
});

/* The transcript stays where it was read; at its end it follows what is said. */
const log = () => document.getElementById("log");
function atEnd(box) {
  return box.scrollHeight - box.scrollTop - box.clientHeight < 60;
}
function toEnd() {
  const box = log();
  if (box) box.scrollTop = box.scrollHeight;
}
document.addEventListener("htmx:before:swap", () => {
  if (log()) wasAtEnd = atEnd(log());
});
document.addEventListener("htmx:after:swap", () => {
  if (wasAtEnd) toEnd();
  alarm();
});

/* Urgent tickets: in the title always, aloud once each. */
function alarm() {
  const shown = document.querySelector("#alarm [data-urgent]");
  document.title = shown ? `(${shown.dataset.urgent}) ${ourTitle}` : ourTitle;
  if (!shown) return;
  const heard = Number(sessionStorage.getItem("alarm") ?? 0);
  const newest = Number(shown.dataset.newest);
  if (newest > heard) {
    sessionStorage.setItem("alarm", String(newest));
    document.getElementById("announce").textContent = `Urgent: ${shown.querySelector("li").textContent.trim()}`;
  }
}

/* Whether the page is still fresh. */
function pulse(fresh) {
  const sign = document.getElementById("pulse");
  if (!sign || sign.classList.contains("lost") === !fresh) return;
  sign.classList.toggle("lost", !fresh);
  sign.querySelector(".word").textContent = fresh ? "Live" : "No connection. What you see may be old.";
}
document.addEventListener("htmx:after:request", (event) => pulse(event.detail.ctx.response.status < 500));
document.addEventListener("htmx:error", () => pulse(false));

/* The reply: kept until it was sent, sent by Ctrl + Enter, never sent twice. */
const reply = document.getElementById("reply");
if (reply) {
  const words = reply.querySelector("textarea");
  document.addEventListener("reply-sent", () => {
    words.value = "";
    reply.querySelector("#once").value = crypto.getRandomValues(new Uint32Array(4)).join("-");
    toEnd();
    words.focus();
  });
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      reply.requestSubmit();
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (words.value.trim() && !reply.classList.contains("leaving")) event.preventDefault();
  });
  toEnd();
}
alarm();
