/** The forms of a sentence with a number in it; `#` is where the number stands. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** How one language writes numbers, prices and times. */
export interface Figures {
  /** A whole number. */
  count(number: number): string;
  /** How many came: "+1,204". */
  more(number: number): string;
  /** How many of the same: "×1,204". */
  times(number: number): string;
  /** The form that goes with the number. `figure` stands for it in the sentence, if it is given. */
  plural(number: number, forms: Forms, figure?: string): string;
  list(names: readonly string[]): string;
  /** A price in the currency's minor unit, with as many digits as that currency has. */
  price(minor: number, currency: string): string;
  /** The time of day. `at` is Unix milliseconds. */
  time(at: number): string;
  /** The time of a moment, with its date when that is another day. Both are Unix milliseconds. */
  moment(at: number, now: number): string;
}

/** The currencies come from outside; of so many the formats are kept. */
const CURRENCIES_KEPT = 16;
const TIME: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
const DAY: Intl.DateTimeFormatOptions = { month: "short", day: "numeric", ...TIME };
const DATE: Intl.DateTimeFormatOptions = { year: "numeric", ...DAY };

/** Undefined when it is not a currency. */
function priceFormat(locale: string, currency: string): Intl.NumberFormat | undefined {
  try {
    return new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
    });
  } catch {
    return undefined;
  }
}

function create(locale: string): Figures {
  const number = new Intl.NumberFormat(locale);
  const signed = new Intl.NumberFormat(locale, { signDisplay: "always" });
  const rules = new Intl.PluralRules(locale);
  const names = new Intl.ListFormat(locale);
  const time = new Intl.DateTimeFormat(locale, TIME);
  const day = new Intl.DateTimeFormat(locale, DAY);
  const date = new Intl.DateTimeFormat(locale, DATE);
  const prices = new Map<string, Intl.NumberFormat | undefined>();

  const count = (value: number) => number.format(value);
  const priceIn = (currency: string) => {
    if (!prices.has(currency)) {
      if (prices.size >= CURRENCIES_KEPT) prices.clear();
      prices.set(currency, priceFormat(locale, currency));
    }
    return prices.get(currency);
  };

  return {
    count,
    more: (value) => signed.format(value),
    times: (value) => `×${count(value)}`,
    plural: (value, forms, figure = count(value)) =>
      (forms[rules.select(value)] ?? forms.other).replace("#", () => figure),
    list: (all) => names.format(all),
    price(minor, currency) {
      const format = priceIn(currency);
      // Not a currency: the number and what came instead of a code say the most.
      if (!format) return `${minor} ${currency}`.trim();
      const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
      // Whoever shows it keeps it apart; marks of direction in it would turn its parts round.
      return format.format(minor / 10 ** digits).replace(/[\u200e\u200f]/g, "");
    },
    time: (at) => time.format(at),
    moment(at, now) {
      const [then, today] = [new Date(at), new Date(now)];
      if (then.toDateString() === today.toDateString()) return time.format(then);
      return (then.getFullYear() === today.getFullYear() ? day : date).format(then);
    },
  };
}

const made = new Map<string, Figures>();

/** One for each language: making a format takes far longer than using it. */
export function figures(locale: string): Figures {
  const known = made.get(locale);
  if (known) return known;
  const fresh = create(locale);
  made.set(locale, fresh);
  return fresh;
}
