import type { OpenDrawView } from "../host/host";
import type { Catalogue } from "../i18n";

/** Who can win, in a sentence; nothing when everybody can. */
export function conditionWords(
  words: Catalogue,
  draw: OpenDrawView,
  locale: string,
): string | undefined {
  const all = [
    draw.min_level > 0 && words.drawOnlyLevel(draw.min_level),
    draw.must_have_gifted && words.drawOnlyGivers,
    draw.must_follow && words.drawOnlyFollowers,
  ].filter((condition) => condition !== false);
  if (all.length === 0) return undefined;
  return words.drawOnly(new Intl.ListFormat(locale, { type: "conjunction" }).format(all));
}
