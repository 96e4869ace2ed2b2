import type { OpenDrawView } from "../../host/host";
import type { Catalogue } from "../../i18n";

/** Who can win, in a sentence; nothing when everybody can. */
export function conditionWords(words: Catalogue, draw: OpenDrawView): string | undefined {
  const all = [
    draw.min_level > 0 && words.drawOnlyLevel(draw.min_level),
    draw.must_have_gifted && words.drawOnlyGivers,
    draw.must_follow && words.drawOnlyFollowers,
  ].filter((condition) => condition !== false);
  return all.length > 0
    ? words.drawOnly(all.reduce((one, other) => words.drawOnlyBoth(one, other)))
    : undefined;
}
