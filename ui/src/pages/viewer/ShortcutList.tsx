import { createEffect, For, type JSX } from "solid-js";
import { Icon } from "../../design/Icon";
import { useWords } from "../../i18n/context";
import type { Actions } from "./actions";
import { SHORTCUTS } from "./shortcuts";

export function ShortcutList(props: { actions: Actions }): JSX.Element {
  const words = useWords();
  let dialog!: HTMLDialogElement;
  createEffect(() => {
    if (props.actions.shortcutsShown()) {
      if (!dialog.open) dialog.showModal();
    } else if (dialog.open) {
      dialog.close();
    }
  });
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="shortcuts-title"
      onClose={() => props.actions.showShortcuts(false)}
    >
      <div class="dialog-body">
        <header class="dialog-head">
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
        </header>
        <dl>
          <For each={SHORTCUTS}>
            {(shortcut) => (
              <div class="shortcut">
                <dt>
                  <kbd class="key" translate="no">
                    {shortcut.label(words())}
                  </kbd>
                </dt>
                <dd>{shortcut.means(words())}</dd>
              </div>
            )}
          </For>
        </dl>
      </div>
    </dialog>
  );
}
