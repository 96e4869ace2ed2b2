import type { JSX } from "solid-js";
import { useWords } from "../app/context";
import { ChatList } from "./ChatList";
import { Composer } from "./Composer";
import "./chat.css";

export function ChatPanel(props: { attach: (textarea: HTMLTextAreaElement) => void }): JSX.Element {
  const words = useWords();
  return (
    <aside class="panel" aria-label={words().chat}>
      <h2 class="panel-title">{words().chat}</h2>
      <ChatList />
      <Composer attach={props.attach} />
    </aside>
  );
}
