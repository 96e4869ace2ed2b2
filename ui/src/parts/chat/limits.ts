/** The longest comment the room takes, in characters. */
export const COMMENT_LIMIT = 500;
/** From here on the composer says how many characters are left. */
export const COUNT_FROM = 450;

/** Counts characters as the room does: one per code point, so an emoji is not two. */
export function commentLength(text: string): number {
  let length = 0;
  for (const _ of text.trim()) length++;
  return length;
}
