import { createEffect, createResource, createSignal, For, type JSX, on, Show } from "solid-js";
import { Fact } from "../../design/Fact";
import type { CommandError, Outcome, ServiceView } from "../../host/host";
import type { Catalogue } from "../../i18n";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { errorWords } from "../../room/words";
import "./service.css";

interface FactKind {
  testId: string;
  name: (words: Catalogue) => string;
  /** Empty where the service, as it stands, has none. */
  value: (from: ServiceView) => string;
}

const FACTS: readonly FactKind[] = [
  { testId: "service-rest", name: (words) => words.serviceRest, value: ({ rest }) => rest },
  {
    testId: "service-gateway",
    name: (words) => words.serviceGateway,
    value: ({ gateway }) => gateway,
  },
  {
    testId: "service-app",
    name: (words) => words.serviceApp,
    value: ({ sdk_app_id }) => (sdk_app_id > 0 ? String(sdk_app_id) : ""),
  },
  { testId: "service-room", name: (words) => words.serviceRoom, value: ({ group_id }) => group_id },
  { testId: "service-data", name: (words) => words.serviceData, value: ({ data_dir }) => data_dir },
];

/** The chat service this window brings along, and how other programs reach it. */
export function ServiceSection(): JSX.Element {
  const { host, room } = useLiveroom();
  const words = useWords();
  const [refused, setRefused] = createSignal<CommandError>();
  const [busy, setBusy] = createSignal(false);
  const [service, { refetch }] = createResource<ServiceView | undefined>(async () => {
    const outcome = await host.serviceStatus();
    if (outcome.status === "ok") return outcome.data;
    setRefused(outcome.error);
    return undefined;
  });
  // The service comes and goes with the connection, whoever started or stopped it. A command of
  // this window reads the state itself, at its end: before that the button would not act yet.
  createEffect(
    on(
      () => room.session().state,
      () => {
        if (!busy()) void refetch();
      },
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
              {/* One button that is never disabled: the keyboard's focus stays on it. */}
              <button
                type="button"
                class="button"
                data-testid={view().running ? "service-stop" : "service-start"}
                aria-disabled={busy()}
                onClick={() => {
                  if (busy()) return;
                  void run(() => (view().running ? host.stopService() : host.startService()));
                }}
              >
                {view().running ? words().serviceStop : words().serviceStart}
              </button>
            </div>
            <dl class="facts">
              <For each={FACTS}>
                {(fact) => (
                  <Show when={fact.value(view())}>
                    {(value) => (
                      <Fact name={fact.name(words())} value={value()} testId={fact.testId} />
                    )}
                  </Show>
                )}
              </For>
            </dl>
          </>
        )}
      </Show>
    </section>
  );
}
