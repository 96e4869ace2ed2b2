import {
  createEffect,
  createResource,
  createSignal,
  For,
  type JSX,
  on,
  onCleanup,
  Show,
} from "solid-js";
import { useLiveroom } from "../app/context";
import { errorWords } from "../connection/words";
import { Icon } from "../design/Icon";
import type { CommandError, Outcome, ServiceView } from "../host/host";
import "./service.css";

const COPIED_FOR_MS = 2000;

function Fact(props: { name: string; value: string; testId?: string }): JSX.Element {
  const { settings } = useLiveroom();
  const words = settings.words;
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
      <dd class="fact-value selectable" data-testid={props.testId}>
        {props.value}
      </dd>
      <button
        type="button"
        class="icon-button"
        aria-label={copied() ? words().copied : words().copy(props.name)}
        title={copied() ? words().copied : words().copy(props.name)}
        onClick={() => void copy()}
      >
        <Icon name={copied() ? "done" : "copy"} />
      </button>
    </div>
  );
}

/** The chat service this window brings along, and how other programs reach it. */
export function ServiceSection(): JSX.Element {
  const { host, room, settings } = useLiveroom();
  const words = settings.words;
  const [refused, setRefused] = createSignal<CommandError>();
  const [busy, setBusy] = createSignal(false);
  const [service, { refetch }] = createResource<ServiceView | undefined>(async () => {
    const outcome = await host.serviceStatus();
    if (outcome.status === "ok") return outcome.data;
    setRefused(outcome.error);
    return undefined;
  });
  // The service comes and goes with the connection, whoever started or stopped it.
  createEffect(
    on(
      () => room.session().state,
      () => void refetch(),
      { defer: true },
    ),
  );

  const run = async (command: () => Promise<Outcome<null>>) => {
    setRefused(undefined);
    setBusy(true);
    const outcome = await command();
    if (outcome.status === "error") setRefused(outcome.error);
    await refetch();
    setBusy(false);
  };
  const facts = (from: ServiceView) => [
    { name: words().serviceRest, value: from.rest, testId: "service-rest" },
    { name: words().serviceGateway, value: from.gateway, testId: "service-gateway" },
    { name: words().serviceApp, value: String(from.sdk_app_id), testId: "service-app" },
    { name: words().serviceRoom, value: from.group_id, testId: "service-room" },
    { name: words().serviceData, value: from.data_dir, testId: "service-data" },
  ];

  return (
    <section class="settings-part">
      <h2 class="settings-heading">{words().service}</h2>
      <Show when={refused()}>
        {(error) => (
          <p class="service-refused" role="alert">
            {errorWords(words(), error())}
          </p>
        )}
      </Show>
      <Show
        when={service.latest}
        fallback={
          <Show when={service.loading}>
            <p class="service-state">{words().serviceReading}</p>
          </Show>
        }
      >
        {(view) => (
          <>
            <div class="setting">
              <p class="service-state" data-testid="service-state" data-running={view().running}>
                <span class="service-dot" />
                {view().running ? words().serviceRunning : words().serviceStopped}
              </p>
              <Show
                when={view().running}
                fallback={
                  <button
                    type="button"
                    class="button"
                    data-testid="service-start"
                    disabled={busy()}
                    onClick={() => void run(() => host.startService())}
                  >
                    {words().serviceStart}
                  </button>
                }
              >
                <button
                  type="button"
                  class="button"
                  data-testid="service-stop"
                  disabled={busy()}
                  onClick={() => void run(() => host.stopService())}
                >
                  {words().serviceStop}
                </button>
              </Show>
            </div>
            <dl class="facts">
              <For each={facts(view())}>
                {(fact) => <Fact name={fact.name} value={fact.value} testId={fact.testId} />}
              </For>
            </dl>
          </>
        )}
      </Show>
    </section>
  );
}
