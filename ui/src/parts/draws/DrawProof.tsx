import { type JSX, Show } from "solid-js";
import { Fact } from "../../design/Fact";
import { Sentence } from "../../design/Sentence";
import type { DrawResultView } from "../../host/host";
import { useWords } from "../../i18n/context";

/** What anybody needs to draw again and compare. */
export function DrawProof(props: { result: DrawResultView }): JSX.Element {
  const words = useWords();
  const commitment = () => props.result.commitment;
  return (
    <details class="draw-proof" data-testid="draw-proof">
      <summary class="draw-proof-title">{words().drawCheck}</summary>
      <dl class="facts">
        <Fact name={words().drawId} value={props.result.draw} testId="draw-id" />
        <Fact name={words().drawSeed} value={props.result.seed} testId="draw-seed" />
        <Show when={commitment()}>
          <Fact name={words().drawCommitment} value={commitment()} testId="draw-commitment" />
        </Show>
      </dl>
      <p class="draw-proof-words" data-testid="draw-verify">
        <Sentence of={words().drawVerify}>
          <code class="draw-command selectable" translate="no" dir="ltr">
            liveroom draw verify RECORD{commitment() && " --commitment COMMITMENT"}
          </code>
        </Sentence>
      </p>
      <Show when={!commitment()}>
        <p class="draw-proof-words" data-testid="draw-unheard">
          {words().drawCommitmentUnheard}
        </p>
      </Show>
    </details>
  );
}
