import { createSignal, type JSX, onCleanup } from "solid-js";
import { useWords } from "../i18n/context";
import "./fact.css";
import { Icon } from "./Icon";

const COPIED_FOR_MS = 2000;

/** One line of a list of facts: a name, and a value to read or to copy. */
export function Fact(props: { name: string; value: string; testId: string }): JSX.Element {
  const words = useWords();
  const [copied, setCopied] = createSignal(false);
  let reset: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(reset));
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.value);
    } catch {
      // Without access to the clipboard the value can still be selected by hand.
      return;
    }
    setCopied(true);
    clearTimeout(reset);
    reset = setTimeout(() => setCopied(false), COPIED_FOR_MS);
  };
  return (
    <div class="fact">
      <dt class="fact-name">{props.name}</dt>
      <dd class="fact-line">
        <span class="fact-value selectable" translate="no" dir="ltr" data-testid={props.testId}>
          {props.value}
        </span>
        <button
          type="button"
          class="icon-button"
          aria-label={copied() ? words().copied : words().copy(props.name)}
          title={copied() ? words().copied : words().copy(props.name)}
          onClick={() => void copy()}
        >
          <Icon name={copied() ? "done" : "copy"} />
        </button>
      </dd>
    </div>
  );
}
