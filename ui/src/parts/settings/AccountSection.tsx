import { createSignal, type JSX, Show } from "solid-js";
import { Foreign } from "../../design/Foreign";
import { Sentence } from "../../design/Sentence";
import { createSpoken } from "../../design/speaker";
import type { CommandError, ShopView } from "../../host/host";
import type { Catalogue } from "../../i18n";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { errorWords } from "../../room/words";

const ROLES: Record<ShopView["role"], (words: Catalogue) => string> = {
  viewer: (words) => words.roleViewer,
  host: (words) => words.roleHost,
  moderator: (words) => words.roleModerator,
  admin: (words) => words.roleAdmin,
};

/** Who the reader is in the shop, and the way to the other side of the camera. */
export function AccountSection(): JSX.Element {
  const { host, shop } = useLiveroom();
  const words = useWords();
  const [refused, setRefused] = createSignal<CommandError>();
  const known = () => (shop.view()?.open ? shop.view() : undefined);
  const openWindow = async () => {
    setRefused(undefined);
    const outcome = await host.openHostWindow();
    if (outcome.status === "error") setRefused(outcome.error);
  };
  const refusal = () => {
    const error = refused();
    return error && errorWords(words(), error);
  };
  createSpoken("accounts", refusal);
  return (
    <section class="settings-part">
      <h2 class="settings-heading">{words().accounts}</h2>
      <Show when={known()}>
        {(view) => (
          <p class="account selectable" data-testid="account">
            <Sentence of={(name, id) => words().youAre(name, id, ROLES[view().role](words()))}>
              <Foreign text={view().name} />
              <Foreign text={view().user_id} />
            </Sentence>
          </p>
        )}
      </Show>
      <Show when={shop.view()?.role !== "host"}>
        <button
          type="button"
          class="button"
          data-testid="open-host-window"
          onClick={() => void openWindow()}
        >
          {words().openHostWindow}
        </button>
      </Show>
      <Show when={refusal()}>
        <p class="settings-refused">{refusal()}</p>
      </Show>
    </section>
  );
}
