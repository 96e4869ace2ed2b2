import { Code, type CommandError, type SessionView } from "../host/host";
import type { Catalogue } from "../i18n";

/** What a refusal means, in the reader's language where the window knows the code. */
export function errorWords(words: Catalogue, error: CommandError): string {
  switch (error.code) {
    case Code.Muted:
      return words.codeMuted;
    case Code.NotAllowed:
      return words.codeNotAllowed;
    case Code.RoomGone:
    case Code.RoomUnknown:
      return words.codeRoomGone;
    case Code.TooFast:
      return words.codeTooFast;
    case Code.BlockedWords:
      return words.codeBlockedWords;
    case Code.TooLong:
      return words.codeTooLong;
    case Code.SignatureExpired:
      return words.codeSignatureExpired;
    case Code.NotOnline:
      return words.codeNotOnline;
    case Code.NotInRoom:
      return words.codeNotInRoom;
    default:
      return error.info || words.codeUnknown(error.code);
  }
}

export interface ConnectionWords {
  text: string;
  /** The way out, where the reader has one. It always asks the host to connect again. */
  action?: string;
}

/** `leftMs` is what remains of the wait before the next attempt. */
export function connectionWords(
  words: Catalogue,
  session: SessionView,
  leftMs: number,
): ConnectionWords {
  switch (session.state) {
    case "offline":
      return { text: words.offline, action: words.connect };
    case "connecting":
      return { text: words.connecting };
    case "online":
      return { text: words.online };
    case "reconnecting":
      return {
        text: leftMs > 0 ? words.reconnectingIn(Math.ceil(leftMs / 1000)) : words.reconnectingNow,
      };
    case "kicked":
      return { text: words.kicked, action: words.reconnectHere };
    case "sig_expired":
      return { text: words.signatureExpired, action: words.signInAgain };
    case "failed":
      return {
        text: words.connectionFailed(errorWords(words, session)),
        action: words.tryAgain,
      };
  }
}

/** Why a comment cannot be sent just now, or undefined if it can. */
export function sendBlocker(
  words: Catalogue,
  session: SessionView,
  room: { dismissed: boolean; member: boolean },
): string | undefined {
  if (room.dismissed) return words.blockedRoomGone;
  switch (session.state) {
    case "online":
      return room.member ? undefined : words.blockedNotInRoom;
    case "connecting":
    case "reconnecting":
      return words.blockedConnecting;
    case "kicked":
      return words.blockedKicked;
    case "sig_expired":
      return words.signatureExpired;
    case "offline":
    case "failed":
      return words.blockedOffline;
  }
}
