// The key of this tab's session. Its private half cannot be read out, not even by us, and never leaves the browser:
// who has a copy of the session's token, but not the key, cannot go on once the desk knows who is talking.

const DATABASE = "messages";
const STORE = "keys";
const OLD_MS = 13 * 3600 * 1000; // A session lives for 12 hours.
const KIND = { name: "ECDSA", namedCurve: "P-256" };
let held = null; // What a browser without storage has.

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Runs `work` on the stored keys; null where the browser refuses storage. */
async function stored(mode, work) {
  try {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    const database = await done(opening);
    try {
      return await work(database.transaction(STORE, mode).objectStore(STORE));
    } finally {
      database.close();
    }
  } catch (error) {
    return null;
  }
}

/** A new key under `id`: its public half as a JWK. Null where the browser cannot make one. */
export async function makeKey(id) {
  let jwk;
  try {
    const pair = await crypto.subtle.generateKey(KIND, false, ["sign", "verify"]);
    jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
    held = { id, key: pair.privateKey, at: Date.now() };
  } catch (error) {
    held = null;
    return null;
  }
  await stored("readwrite", async (keys) => {
    keys.openCursor().onsuccess = (event) => {
      const cursor = event.target.result;
      if (!cursor) return;
      if (!(cursor.value.at > Date.now() - OLD_MS)) cursor.delete();
      cursor.continue();
    };
    await done(keys.put(held, id));
  });
  return { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y };
}

/** Takes up the key of an earlier load of the page; false when it is gone. */
export async function takeUpKey(id) {
  if (!held || held.id !== id) held = id ? await stored("readonly", (keys) => done(keys.get(id))) : null;
  return Boolean(held);
}

export function dropKey() {
  const id = held && held.id;
  held = null;
  if (id) stored("readwrite", (keys) => done(keys.delete(id)));
}

/** The signature over `words`, in URL-safe base64; undefined without a key. */
export async function sign(words) {
  if (!held) return undefined;
  const made = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, held.key, new TextEncoder().encode(words));
  return btoa(String.fromCharCode(...new Uint8Array(made))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}
