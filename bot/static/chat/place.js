// Where the reader is. A browser's language says how somebody reads, not where they live: many in London have en-US.
// Crisis numbers, the order of day and month and the rules in force go by the place, so the time zone decides it.

const BRITISH = ["Europe/London", "Europe/Belfast", "Europe/Jersey", "Europe/Guernsey", "Europe/Isle_of_Man", "GB"];
const AMERICAN = [
  "America/New_York", "America/Detroit", "America/Chicago", "America/Menominee", "America/Denver", "America/Boise",
  "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "America/Juneau", "America/Adak", "Pacific/Honolulu",
];

/** The locale for a browser's language tag and time zone: "en-US" read in Europe/London becomes "en-GB". */
export function localeOf(tag, zone) {
  const language = String(tag || "en").split("-")[0].toLowerCase();
  if (BRITISH.indexOf(zone) >= 0) return language + "-GB";
  const american = AMERICAN.indexOf(zone) >= 0 || /^(US|America\/(Indiana|Kentucky|North_Dakota))\//.test(zone || "");
  return american ? language + "-US" : tag || "en-GB";
}

/** A tag cut to language and region or script, the form the chat API takes: "es-419" becomes "es". */
export function plainLocale(tag) {
  const found = /^[A-Za-z]{2,3}([-_][A-Za-z]{2,4}(?![A-Za-z0-9]))?(?![A-Za-z0-9])/.exec(tag);
  return found ? found[0].replace("_", "-") : "en-GB";
}

/** The reader's time zone, where the browser tells. */
export function timeZone() {
  try {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  } catch (error) {
    return "";
  }
}
