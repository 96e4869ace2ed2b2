import type { Fault } from "../design/faults";

const LEFT_OUT = "…";

/** Values that are named like secrets, wherever they stand. */
const NAMED =
  /\b((?:authorization|cookie|key|pass(?:word)?|secret|sig(?:nature)?|token|user_?sig)\w*["']?\s*[:=]\s*)["']?[^\s"',;)}\]]{6,}/gi;
const BEARER = /\b(bearer|basic)\s+\S+/gi;
/** What is behind the question mark of an address, and who stands before its at-sign. */
const QUERY = /([?&#][\w.-]+=)[^&\s"')]+/g;
const SIGNED_IN = /(\w:\/\/)[^/\s@]+@/g;
/** Long, with digits in it, and no word: a pass or a key without a name. */
const LONG = /\b(?=[\w*+=-]*\d)[\w*+=-]{24,}/g;
/** The name of a person in the path of a folder. */
const HOME = /((?:\/home|\/Users|\\Users)[/\\])[^/\\\s:]+/g;

/** The text without what would let somebody in, or tell who it is. */
export function redact(text: string): string {
  return text
    .replace(SIGNED_IN, `$1${LEFT_OUT}@`)
    .replace(QUERY, `$1${LEFT_OUT}`)
    .replace(BEARER, `$1 ${LEFT_OUT}`)
    .replace(NAMED, `$1${LEFT_OUT}`)
    .replace(LONG, LEFT_OUT)
    .replace(HOME, `$1${LEFT_OUT}`);
}

/** Longer than any that a person would write by hand; a stack may have no end. */
const STACK_LENGTH = 4000;
const MESSAGE_LENGTH = 500;

/** What went wrong, for those who can mend it. */
export function faultReport(faults: readonly Fault[], count: number): string {
  const report = {
    program: "Liveroom",
    time: new Date().toISOString(),
    page: location.pathname,
    browser: navigator.userAgent,
    window: `${window.innerWidth}x${window.innerHeight}@${window.devicePixelRatio}`,
    language: document.documentElement.lang,
    count,
    faults: faults.map(({ at, where, message, stack }) => ({
      at: new Date(at).toISOString(),
      where,
      message: redact(message.slice(0, MESSAGE_LENGTH)),
      stack: redact(stack.slice(0, STACK_LENGTH)).split("\n"),
    })),
  };
  return JSON.stringify(report, null, 2);
}
