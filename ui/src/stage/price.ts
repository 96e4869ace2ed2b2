/** A price given in the currency's minor unit, with as many digits as that currency has. */
export function formatPrice(minor: number, currency: string, locale: string): string {
  let format: Intl.NumberFormat;
  try {
    format = new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
    });
  } catch {
    // Not a currency code: the number and what came instead of a code say the most.
    return `${minor} ${currency}`.trim();
  }
  const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
  return format.format(minor / 10 ** digits);
}

/** What remains until `endsAtS`: "12:41", or "1:02:03" from an hour on. Undefined once it is over. */
export function timeLeft(endsAtS: number, nowMs: number): string | undefined {
  const left = Math.ceil(endsAtS - nowMs / 1000);
  if (left <= 0) return undefined;
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor((left % 3600) / 60);
  const two = (value: number) => String(value).padStart(2, "0");
  const seconds = two(left % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${seconds}` : `${two(minutes)}:${seconds}`;
}

/** The pictures that come with the program, as a product names them. */
const BUNDLED: ReadonlyMap<string, string> = new Map([
  ["demo:cup", "/goods/cup.webp"],
  ["demo:bowl", "/goods/bowl.webp"],
  ["demo:vase", "/goods/vase.webp"],
]);
const OTHERWISE = "/goods/cup.webp";

/** The window loads pictures from itself only. A backslash is a slash to a browser. */
export function pictureSource(picture: string): string {
  const own = /^\/(?![/\\])/.test(picture) || picture.startsWith("data:image/");
  return own ? picture : (BUNDLED.get(picture) ?? OTHERWISE);
}
