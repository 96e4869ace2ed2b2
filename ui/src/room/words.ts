import { isolated } from "../design/bounds";
import {
  Code,
  type CommandError,
  type RoomView,
  type SessionView,
  type SpeechView,
} from "../host/host";
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
    case Code.SenderRate:
      return words.codeTooFast;
    case Code.SlowMode:
      return words.codeSlowMode;
    case Code.LinkRefused:
      return words.codeLinkRefused;
    case Code.GuestsReadOnly:
      return words.codeGuestsReadOnly;
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
    case Code.NoAnswer:
      return words.codeNoAnswer;
    default:
      return error.info ? isolated(error.info) : words.codeUnknown(error.code);
  }
}

/** What became of an own comment that failed. Of one without an answer nobody knows. */
export function failureWords(words: Catalogue, error: CommandError): string {
  const reason = errorWords(words, error);
  return error.code === Code.NoAnswer ? reason : words.rowFailed(reason);
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
      return { text: kickedWords(words, session.cause), action: words.reconnectHere };
    case "sig_expired":
      return { text: words.signatureExpired, action: words.signInAgain };
    case "failed":
      return {
        text: words.connectionFailed(errorWords(words, session)),
        action: words.tryAgain,
      };
  }
}

function kickedWords(
  words: Catalogue,
  cause: Extract<SessionView, { state: "kicked" }>["cause"],
): string {
  switch (cause) {
    case "signed_in_elsewhere":
      return words.kicked;
    case "administrator":
      return words.kickedByAdministrator;
    case "account_deleted":
      return words.kickedAccountDeleted;
    case "other":
      return words.kickedOther;
  }
}

/** A ban without an end. */
const FOR_EVER_S = 0xffff_ffff;

type Absence = RoomView["absence"];

/** Why the reader is not in the room. */
export function absenceWords(
  words: Catalogue,
  absence: Absence | undefined,
  moments: Moments,
): string {
  const withReason = (sentence: string, info: string) =>
    info ? words.withReason(sentence, isolated(info)) : sentence;
  switch (absence?.why) {
    case "dismissed":
      return words.blockedRoomGone;
    case "banned":
      return withReason(bannedWords(words, absence.until_s, moments), absence.info);
    case "kicked":
      return words.absentKicked;
    case "elsewhere":
    case "left":
      return words.absentElsewhere;
    case "other":
      return absence.info ? isolated(absence.info) : words.absentOther;
    case "refused":
      if (absence.code !== Code.NotAllowed) return errorWords(words, absence);
      return withReason(words.absentRefused, absence.info);
    default:
      return words.blockedNotInRoom;
  }
}

function bannedWords(words: Catalogue, untilS: number, moments: Moments): string {
  if (untilS === 0 || untilS === FOR_EVER_S) return words.absentBanned;
  return words.absentBannedUntil(moments.at(untilS * 1000));
}

/** Above a minute the reader is told when, not how long. */
const COUNTED_MS = 60_000;

/** Why the reader may not speak, or undefined. */
function speechBlocker(
  words: Catalogue,
  speech: SpeechView,
  endsAt: number,
  moments: Moments,
): string | undefined {
  const leftMs = endsAt - moments.now;
  const ends = (seconds: (left: number) => string, until: (moment: string) => string) => {
    if (leftMs <= 0) return undefined;
    return leftMs > COUNTED_MS ? until(moments.at(endsAt)) : seconds(Math.ceil(leftMs / 1000));
  };
  switch (speech.state) {
    case "free":
      return undefined;
    case "guest":
      return words.codeGuestsReadOnly;
    case "mute_all":
      return words.blockedMuteAll;
    case "muted":
      if (speech.left_ms === 0) return words.codeMuted;
      return ends(words.blockedMuted, words.blockedMutedUntil);
    case "wait":
      return ends(words.blockedWait, words.blockedWaitUntil);
  }
}

/** That the reader was silenced, without what is left of it; undefined for who was not. */
export function silenceWords(words: Catalogue, speech: SpeechView): string | undefined {
  if (speech.state === "muted") return words.codeMuted;
  return speech.state === "mute_all" ? words.blockedMuteAll : undefined;
}

/** The reader's clock. */
export interface Moments {
  /** Unix milliseconds. */
  now: number;
  /** How a moment in Unix milliseconds is named. */
  at: (moment: number) => string;
}

export interface RoomStanding {
  dismissed: boolean;
  member: boolean;
  absence: Absence | undefined;
  speech: SpeechView;
  /** When a mute or a wait ends, in Unix milliseconds. */
  speechEndsAt: number;
  moments: Moments;
}

/** Why a comment cannot be sent just now, or undefined if it can. */
export function sendBlocker(
  words: Catalogue,
  session: SessionView,
  room: RoomStanding,
): string | undefined {
  if (room.dismissed) return words.blockedRoomGone;
  switch (session.state) {
    case "online":
      if (!room.member) return absenceWords(words, room.absence, room.moments);
      return speechBlocker(words, room.speech, room.speechEndsAt, room.moments);
    case "connecting":
    case "reconnecting":
      return words.blockedConnecting;
    case "kicked":
      return session.cause === "signed_in_elsewhere" ? words.blockedKicked : words.blockedOffline;
    case "sig_expired":
      return words.signatureExpired;
    case "offline":
    case "failed":
      return words.blockedOffline;
  }
}
