// Talks to the page that embeds us. The messages carry no content of the conversation, ever.

export const embedded = window.parent !== window;

const tell = (word, count) => {
  if (embedded) window.parent.postMessage({ desk: word, count: count || 0 }, "*");
};

/** hooks: shown(), hidden(). Returns what we can tell the embedding page. */
export function frame(hooks) {
  window.addEventListener("message", (event) => {
    if (!embedded || event.source !== window.parent || !event.data) return;
    if (event.data.desk === "shown") hooks.shown();
    if (event.data.desk === "hidden") hooks.hidden();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && embedded && !event.isComposing) tell("close");
  });
  return {
    close: () => tell("close"),
    left: () => tell("left"),
    ready: () => tell("ready"),
    unread: (count) => tell("unread", count),
  };
}
