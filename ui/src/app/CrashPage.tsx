import { createSignal, type JSX, onMount } from "solid-js";
import { faultCount, faults } from "../design/faults";
import type { Catalogue } from "../i18n";
import "./crash.css";
import { faultReport } from "./report";

function save(report: string): void {
  const address = URL.createObjectURL(new Blob([report], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "liveroom-report.json";
  link.click();
  URL.revokeObjectURL(address);
}

/** Stands for the whole window when it cannot go on. It needs nothing that may be broken. */
export function CrashPage(props: { words: Catalogue; restart: () => void }): JSX.Element {
  const [copied, setCopied] = createSignal(false);
  const report = () => faultReport(faults(), faultCount());
  let restart!: HTMLButtonElement;
  onMount(() => restart.focus());
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(report());
      setCopied(true);
    } catch {
      // Without access to the clipboard the report can still be selected by hand.
    }
  };
  return (
    <main class="crash" data-testid="crash">
      <div role="alert">
        <h1 class="crash-title">{props.words.crashTitle}</h1>
        <p>{props.words.crashWords}</p>
      </div>
      <div class="crash-ways">
        <button
          ref={restart}
          type="button"
          class="button crash-restart"
          data-testid="restart"
          onClick={() => props.restart()}
        >
          {props.words.restart}
        </button>
        <button
          type="button"
          class="button"
          data-testid="report-save"
          onClick={() => save(report())}
        >
          {props.words.reportSave}
        </button>
        <button type="button" class="button" data-testid="report-copy" onClick={() => void copy()}>
          {copied() ? props.words.copied : props.words.reportCopy}
        </button>
      </div>
      <p class="crash-aside">{props.words.reportWhat}</p>
      <pre
        class="crash-report selectable"
        data-testid="report"
        translate="no"
        dir="ltr"
        tabindex="0"
      >
        {report()}
      </pre>
    </main>
  );
}
