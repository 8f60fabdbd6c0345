// The calls of the chat API. Every failure is an ApiError whose `kind` says what to do next.

const TIMEOUT_MS = 20000;

export class ApiError extends Error {
  /** kind: "offline" (no answer, try again), "busy" (5xx), "wait" (429), "renew" (401: prove the key),
   *  "expired" (401, 403, 404), "refused". */
  constructor(kind, message, retryAfter) {
    super(message || kind);
    this.kind = kind;
    this.retryAfter = retryAfter || 0;
  }
}

/** A version 4 uuid, also where crypto.randomUUID is missing (old browsers, plain http). */
export function uuid() {
  if (window.crypto && crypto.randomUUID) return crypto.randomUUID();
  const bytes = new Uint8Array(16);
  crypto.getRandomValues(bytes);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Turns an answer that is not a success into an ApiError. */
export async function failure(response) {
  const status = response.status;
  if (status === 429) {
    const seconds = parseInt(response.headers.get("Retry-After") || "", 10);
    return new ApiError("wait", "", Math.min(Math.max(seconds || 10, 1), 600));
  }
  if (status === 403 || status === 404) return new ApiError("expired");
  if (status >= 500 || status === 408) return new ApiError("busy");
  let message = "";
  let code = "";
  try {
    const body = await response.json();
    code = (body.detail && body.detail.code) || "";
    const said = body.message || body.detail;
    if (typeof said === "string") message = said;
    else if (said && typeof said.message === "string") message = said.message;
  } catch (error) {
    // An answer without a readable reason: the page has words of its own for that.
  }
  if (status === 401) {
    return code === "session_renew" ? new ApiError("renew") : new ApiError("expired", code === "session_keyless" ? message : "");
  }
  return new ApiError("refused", message);
}

async function call(path, options) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(path, Object.assign({ signal: control.signal, cache: "no-store" }, options));
    if (!response.ok) throw await failure(response);
    return await response.json().catch(() => ({}));
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError("offline");
  } finally {
    clearTimeout(timer);
  }
}

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

const post = (path, body, token) =>
  call(path, {
    method: "POST",
    headers: Object.assign({ "Content-Type": "application/json" }, token ? bearer(token) : {}),
    body: JSON.stringify(body),
  });

export const startSession = (body) => post("/api/chat/session", body);

export const sendMessage = (token, body) => post("/api/chat/messages", body, token);

/** With the token that a verification ended: what is to be signed, and then the new token for the signature. */
export const askNonce = (token) => post("/api/chat/session/nonce", {}, token);

export const renewSession = (token, body) => post("/api/chat/session/renew", body, token);

export const readHistory = (token) => call("/api/chat/history", { headers: bearer(token) });
