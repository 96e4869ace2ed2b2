import { ErrorBoundary, type JSX } from "solid-js";
import { useWords } from "../i18n/context";
import { recordFault } from "./faults";
import "./guard.css";

/** Keeps what goes wrong in one part of the window from taking the others with it. */
export function Guard(props: { name: string; children: JSX.Element }): JSX.Element {
  const words = useWords();
  return (
    <ErrorBoundary
      fallback={(cause, again) => {
        recordFault(props.name, cause);
        return (
          <div class="guard" role="alert" data-testid="part-stopped">
            <p>{words().partStopped}</p>
            <button type="button" class="button" onClick={again}>
              {words().partAgain}
            </button>
          </div>
        );
      }}
    >
      {props.children}
    </ErrorBoundary>
  );
}
