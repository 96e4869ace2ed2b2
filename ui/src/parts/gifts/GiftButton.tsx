import { createSignal, type JSX } from "solid-js";
import { Popover } from "../../design/Popover";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { GiftTray } from "./GiftTray";
import "./gifts.css";
import { createRefusal } from "./refusal";

/** Opens the tray, and keeps what was chosen in it and what it has to say while it is closed. */
export function GiftButton(props: {
  shown: boolean;
  show: (shown: boolean) => void;
  /** The key that does the same. */
  shortcut: string | undefined;
}): JSX.Element {
  const { shop } = useLiveroom();
  const words = useWords();
  const [chosen, choose] = createSignal<string>();
  const refusal = createRefusal(shop);
  return (
    <Popover
      name={words().gifts}
      icon="gift"
      shortcut={props.shortcut}
      testId="gift-button"
      class="tray"
      open={props.shown}
      setOpen={props.show}
    >
      <GiftTray chosen={chosen()} choose={choose} refusal={refusal} />
    </Popover>
  );
}
