// What the address brought along, in its fragment, which never leaves the browser by itself:
// `#TOKEN` of a personal link, or `#identity=…&locale=…` from the site that embeds us.

/** Reads the fragment and takes it out of the address bar and the history at once. */
export function takeFragment() {
  const raw = location.hash.slice(1);
  if (!raw) return {};
  history.replaceState(null, "", location.pathname + location.search);
  if (/^[A-Za-z0-9_-]{1,64}$/.test(raw)) return { link: raw };
  const fields = new URLSearchParams(raw);
  const arrival = {};
  for (const name of ["link", "identity", "locale"]) if (fields.get(name)) arrival[name] = fields.get(name);
  return arrival;
}
