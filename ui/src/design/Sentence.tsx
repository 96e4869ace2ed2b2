import type { JSX } from "solid-js";

/** The whole sentence is translated; what stands in its blank stays an element of its own. */
export function Sentence(props: {
  of: (blank: string) => string;
  children: JSX.Element;
}): JSX.Element {
  const around = () => props.of("\u0000").split("\u0000");
  return (
    <>
      {around()[0]}
      {props.children}
      {around()[1]}
    </>
  );
}
