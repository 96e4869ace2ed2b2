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
