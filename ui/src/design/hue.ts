import "./hue.css";

export const HUES = 12;

/** The same person has the same hue everywhere: FNV-1a over the id. */
export function hueOf(userId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < userId.length; index++) {
    hash = Math.imul(hash ^ userId.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % HUES;
}
