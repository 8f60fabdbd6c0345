// Every sentence the page itself says, in one place per language. What the desk says comes from the server.

const many = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

const en = {
  you: "You",
  assistant: "Assistant",
  colleague: "A colleague",
  notice: "Notice",
  automated: "Automated assistant",
  withPerson: (name) => `You are talking with ${name}`,
  typing: (name) => `${name} is typing`,
  today: "Today",
  yesterday: "Yesterday",
  newMessages: "New messages",
  choices: "Choices",
  chosen: "chosen",
  pay: "Open the payment page",
  newTab: "opens in a new tab",
  person: "I would like to talk to a person.",
  sending: "Sending…",
  queued: "Waiting for a connection",
  notSent: "Not sent",
  tryAgain: "Try again",
  edit: "Change it",
  refused: "This message could not be accepted.",
  tooLong: (over) => `${many(over, "character")} too many`,
  left: (count) => `${many(count, "character")} left`,
  offline: "You are offline. What you write is sent when the connection is back.",
  reconnecting: "Connecting again…",
  wait: (seconds) => `That was a lot at once. Please wait ${many(seconds, "second")}; your message is kept and goes out then.`,
  waitStart: (seconds) => `We are busy just now. Please wait ${many(seconds, "second")}; the chat opens by itself.`,
  expired: "This chat was closed because it had been quiet for a while. That keeps your details private. "
    + "You can start again whenever you like.",
  startNew: "Start a new chat",
  badLink: "That link did not work; it may have run out. You can still write to us here.",
  unread: (count) => `(${count}) Messages`,
  title: "Messages",
};

export const LANGUAGES = { en };

/** The texts of the first wanted language that exists, and that language's code. */
export function textsFor(locale) {
  const code = String(locale || "en").slice(0, 2).toLowerCase();
  return LANGUAGES[code] ? { code, texts: LANGUAGES[code] } : { code: "en", texts: en };
}
