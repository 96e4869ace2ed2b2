import type { JSX } from "solid-js";
import { ChatList } from "./ChatList";
import { Composer } from "./Composer";
import "./chat.css";

export function ChatPanel(props: { attach: (textarea: HTMLTextAreaElement) => void }): JSX.Element {
  return (
    <>
      <ChatList />
      <Composer attach={props.attach} />
    </>
  );
}
