// What outlives a reload but not the tab: the session's token, the name of its key and messages not yet stored.
// Falls back to memory where the browser refuses storage (private modes, blocked third-party frames).

const KEY = "messages.tab";
let memory = null;

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) || {};
  } catch (error) {
    return memory || {};
  }
}

function write(state) {
  memory = state;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(state));
  } catch (error) {
    // Memory has it.
  }
}

export const get = (name) => read()[name];

export function set(name, value) {
  const state = read();
  if (value === undefined || value === null) delete state[name];
  else state[name] = value;
  write(state);
}

/** Forgets everything, at once. */
export function clear() {
  memory = null;
  try {
    sessionStorage.removeItem(KEY);
  } catch (error) {
    // There was nothing to forget.
  }
}
