/** The time of a moment, with its date when that is another day. Both are Unix milliseconds. */
export function momentWords(at: number, now: number, locale: string): string {
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
  const [then, today] = [new Date(at), new Date(now)];
  if (then.toDateString() === today.toDateString()) return format(then, locale, time);
  const day: Intl.DateTimeFormatOptions = { month: "short", day: "numeric", ...time };
  const sameYear = then.getFullYear() === today.getFullYear();
  return format(then, locale, sameYear ? day : { year: "numeric", ...day });
}

function format(moment: Date, locale: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(locale, options).format(moment);
}
