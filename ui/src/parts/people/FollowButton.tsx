import { createSignal, type JSX, Show } from "solid-js";
import { Icon } from "../../design/Icon";
import { createSpoken } from "../../design/speaker";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { shopErrorWords } from "../../room/shop-words";
import "./people.css";

/** Beside the host's name, for who is not the host. */
export function FollowButton(props: { host: string }): JSX.Element {
  const { host, shop } = useLiveroom();
  const words = useWords();
  const [busy, setBusy] = createSignal(false);
  const [refused, setRefused] = createSignal<string>();
  const following = () => shop.view()?.following ?? false;
  const press = async () => {
    if (busy()) return;
    setBusy(true);
    setRefused(undefined);
    const outcome = await host.follow(!following());
    setBusy(false);
    if (outcome.status === "error") setRefused(shopErrorWords(words(), outcome.error));
  };
  createSpoken("follow", refused);
  return (
    <Show when={shop.view()?.open && !shop.view()?.runs_room}>
      <button
        type="button"
        class="follow"
        data-testid="follow"
        data-following={following()}
        aria-label={
          following() ? words().followingHost(props.host) : words().followHost(props.host)
        }
        aria-busy={busy()}
        onClick={() => void press()}
      >
        <Show when={following()} fallback={words().follow}>
          <Icon name="done" />
          {words().following}
        </Show>
      </button>
      <span class="follow-refused" data-testid="follow-refused">
        {refused()}
      </span>
    </Show>
  );
}
