import type { JSX } from "solid-js";
import { foreignLine } from "./bounds";
import { hueOf } from "./hue";

/** A title, a word or a name that somebody else has chosen, on one line. */
export function Foreign(props: { text: string; class?: string; testId?: string }): JSX.Element {
  return (
    <bdi class={props.class} data-testid={props.testId}>
      {foreignLine(props.text)}
    </bdi>
  );
}

/** The name of a person, in the hue that this person has everywhere. */
export function Name(props: { name: string; id: string; class: string }): JSX.Element {
  return <Foreign text={props.name} class={`${props.class} hue-${hueOf(props.id)}`} />;
}
