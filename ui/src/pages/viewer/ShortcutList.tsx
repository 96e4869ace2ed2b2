import { createEffect, createSignal, createUniqueId, For, type JSX, Show } from "solid-js";
import { Icon } from "../../design/Icon";
import { isComposing } from "../../design/keyboard";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import type { Actions } from "./actions";
import { chooseKey, chosenKeyName, SHORTCUTS, type ShortcutId } from "./shortcuts";

/** A key that types something, and is not needed to press a button. */
const TYPES = /^\S$/u;

/** The key of one shortcut, which another key can be given to. */
function KeyButton(props: {
  id: ShortcutId;
  name: string | undefined;
  means: string;
}): JSX.Element {
  const { settings } = useLiveroom();
  const words = useWords();
  const [listening, listen] = createSignal(false);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!listening() || event.key === "Tab" || isComposing(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const key = event.key.toLowerCase();
    if (key === "backspace" || key === "delete") chooseKey(settings, props.id, "");
    else if (TYPES.test(key)) chooseKey(settings, props.id, key);
    else if (key !== "escape") return;
    listen(false);
  };
  return (
    <button
      type="button"
      class="key key-button"
      data-testid={`key-${props.id}`}
      translate={listening() ? "yes" : "no"}
      aria-label={
        listening()
          ? words().keyPress
          : words().keyChange(props.means, props.name ?? words().keyNone)
      }
      aria-pressed={listening()}
      onClick={() => listen(!listening())}
      onBlur={() => listen(false)}
      onKeyDown={onKeyDown}
    >
      {listening() ? "…" : (props.name ?? "–")}
    </button>
  );
}

export function ShortcutList(props: { actions: Actions }): JSX.Element {
  const { settings } = useLiveroom();
  const words = useWords();
  const switchId = createUniqueId();
  let dialog!: HTMLDialogElement;
  createEffect(() => {
    if (props.actions.shortcutsShown()) {
      if (!dialog.open) dialog.showModal();
    } else if (dialog.open) {
      dialog.close();
    }
  });
  const isChanged = () => Object.keys(settings.values.keys).length > 0;
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="shortcuts-title"
      onClose={() => props.actions.showShortcuts(false)}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 class="panel-heading" id="shortcuts-title">
            {words().shortcuts}
          </h2>
          <button
            type="button"
            class="icon-button"
            aria-label={words().close}
            onClick={() => dialog.close()}
          >
            <Icon name="close" />
          </button>
        </div>
        <div class="shortcut-switch">
          <input
            id={switchId}
            class="check"
            type="checkbox"
            data-testid="keys-on"
            checked={settings.values.keysOn}
            onChange={(event) => settings.set("keysOn", event.currentTarget.checked)}
          />
          <label for={switchId}>{words().keysOn}</label>
        </div>
        <dl data-off={!settings.values.keysOn}>
          <For each={SHORTCUTS}>
            {(shortcut) => {
              const name = () => chosenKeyName(settings, shortcut, words());
              return (
                <div class="shortcut" data-fixed={shortcut.fixed !== undefined}>
                  <dt>
                    <Show
                      when={shortcut.fixed}
                      fallback={
                        <KeyButton id={shortcut.id} name={name()} means={shortcut.means(words())} />
                      }
                    >
                      <kbd class="key" translate="no">
                        {name()}
                      </kbd>
                    </Show>
                  </dt>
                  <dd>{shortcut.means(words())}</dd>
                </div>
              );
            }}
          </For>
        </dl>
        <div class="shortcut-foot">
          <p class="shortcut-hint">{words().keysHint}</p>
          <button
            type="button"
            class="button"
            data-testid="keys-reset"
            aria-disabled={!isChanged()}
            onClick={() => settings.set("keys", {})}
          >
            {words().keysReset}
          </button>
        </div>
      </div>
    </dialog>
  );
}
