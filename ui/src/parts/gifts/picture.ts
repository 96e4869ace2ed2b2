/** The pictures that come with the program, as the shop names them. */
const BUNDLED: ReadonlySet<string> = new Set([
  "rose",
  "heart",
  "coffee",
  "lantern",
  "cake",
  "fireworks",
  "rocket",
  "crown",
]);

/** A picture of the window's own, whatever the shop calls it. */
export function giftPicture(art: string): string {
  return `/gifts/${BUNDLED.has(art) ? art : "gift"}.svg`;
}
