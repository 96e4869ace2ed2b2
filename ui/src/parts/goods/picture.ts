/** The pictures that come with the program, as a product names them. */
const BUNDLED: ReadonlyMap<string, string> = new Map([
  ["demo:cup", "/goods/cup.webp"],
  ["demo:bowl", "/goods/bowl.webp"],
  ["demo:vase", "/goods/vase.webp"],
]);

/**
 * Where the picture is loaded from; undefined when there is none that the window may load. It loads
 * pictures from itself only. A backslash is a slash to a browser.
 */
export function pictureSource(picture: string): string | undefined {
  const own = /^\/(?![/\\])/.test(picture) || picture.startsWith("data:image/");
  return own ? picture : BUNDLED.get(picture);
}
