import { children, createMemo, type JSX } from "solid-js";

/** Each stands for one blank while the sentence is made. They are no characters, so no text has them. */
const FIRST = 0xfdd0;
const BLANKS = /([\ufdd0-\ufdd7])/;

/**
 * The whole sentence is translated; what stands in its blanks stays an element of its own. The first
 * child fills the first blank, wherever the language has put it.
 */
export function Sentence(props: {
  of: (...blanks: string[]) => string;
  children: JSX.Element;
}): JSX.Element {
  const fillings = children(() => props.children);
  const pieces = createMemo(() => {
    const all = fillings.toArray();
    const said = props.of(...all.map((_, at) => String.fromCharCode(FIRST + at)));
    return said.split(BLANKS).map((piece) => {
      const at = BLANKS.test(piece) ? piece.charCodeAt(0) - FIRST : -1;
      return at < 0 ? piece : all[at];
    });
  });
  return <>{pieces()}</>;
}
