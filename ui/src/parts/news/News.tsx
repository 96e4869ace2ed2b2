import type { JSX } from "solid-js";
import { announceChat } from "./chat";
import { announceOwn } from "./own";

/** What happens in the room, for those who hear the window. It shows nothing. */
export function News(): JSX.Element {
  announceChat();
  announceOwn();
  return null;
}
