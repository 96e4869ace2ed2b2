import { describe, expect, it } from "vitest";
import { Code, type SessionState } from "../src/host/host";
import { type Catalogue, catalogue, preferredLanguage } from "../src/i18n";
import { en } from "../src/i18n/en";
import { momentWords } from "../src/i18n/moment";
import { zh } from "../src/i18n/zh";
import {
  connectionWords,
  errorWords,
  failureWords,
  type RoomStanding,
  sendBlocker,
} from "../src/room/words";
import { SESSIONS } from "./support/rows";

const NOW = 1_760_000_000_000;
const MOMENTS = { now: NOW, at: (moment: number) => `+${moment - NOW}` };

/** Every sentence of a catalogue, the ones with blanks filled in. */
function sentences(words: Catalogue): [string, string][] {
  return Object.entries(words).map(([key, value]) => {
    if (typeof value === "string") return [key, value];
    const fill = value as (...blanks: unknown[]) => string;
    return [key, fill(3, "Guest", "text")];
  });
}

describe("the connection state in words", () => {
  const expected: Record<SessionState, { en: [string, string?]; zh: [string, string?] }> = {
    offline: { en: ["Not connected.", "Connect"], zh: ["未连接。", "连接"] },
    connecting: { en: ["Connecting…"], zh: ["正在连接…"] },
    online: { en: ["Connected"], zh: ["已连接"] },
    reconnecting: {
      en: ["Connection lost. Trying again in 4 s."],
      zh: ["连接已断开，4 秒后重试。"],
    },
    kicked: {
      en: ["Signed in elsewhere.", "Reconnect here"],
      zh: ["账号已在别处登录。", "在此处重新连接"],
    },
    sig_expired: {
      en: ["The pass for this room has expired.", "Sign in again"],
      zh: ["进房凭证已过期。", "重新登录"],
    },
    failed: {
      en: ["Could not connect: the service is busy", "Try again"],
      zh: ["无法连接：the service is busy", "再试一次"],
    },
  };

  for (const state of Object.keys(expected) as SessionState[]) {
    it(`says what "${state}" means and what to do, in both languages`, () => {
      for (const language of ["en", "zh"] as const) {
        const [text, action] = expected[state][language];
        const said = connectionWords(catalogue(language), SESSIONS[state], 3200);
        expect(said.text).toBe(text);
        expect(said.action).toBe(action);
      }
    });
  }

  it("stops counting when the wait is over", () => {
    expect(connectionWords(en, SESSIONS.reconnecting, 0).text).toBe(
      "Connection lost. Trying again now.",
    );
  });
});

describe("refusals", () => {
  it("that the window knows are told in the reader's language", () => {
    for (const code of Object.values(Code)) {
      expect(errorWords(en, { code, info: "raw" })).not.toBe("raw");
      expect(errorWords(zh, { code, info: "raw" })).toMatch(/\p{Script=Han}/u);
    }
    expect(errorWords(en, { code: Code.RoomUnknown, info: "" })).toBe(en.codeRoomGone);
  });

  it("that it does not know are told with the host's sentence, or at least the code", () => {
    expect(errorWords(zh, { code: 12345, info: "quota used up" })).toBe("quota used up");
    expect(errorWords(en, { code: 12345, info: "" })).toContain("12345");
  });
});

describe("what stops a comment", () => {
  const open: RoomStanding = {
    dismissed: false,
    member: true,
    absence: { why: "none" },
    speech: { state: "free" },
    speechEndsAt: 0,
    moments: MOMENTS,
  };

  it("is nothing while connected in an open room", () => {
    expect(sendBlocker(en, SESSIONS.online, open)).toBeUndefined();
  });

  it("is said for every other state", () => {
    for (const [state, session] of Object.entries(SESSIONS)) {
      if (state === "online") continue;
      expect(sendBlocker(en, session, open), state).toBeTruthy();
    }
    expect(sendBlocker(en, SESSIONS.online, { ...open, member: false })).toBe(en.blockedNotInRoom);
    expect(sendBlocker(zh, SESSIONS.online, { ...open, dismissed: true })).toBe(zh.blockedRoomGone);
  });
});

describe("who may speak", () => {
  const standing = (change: Partial<RoomStanding>): RoomStanding => ({
    dismissed: false,
    member: true,
    absence: { why: "none" },
    speech: { state: "free" },
    speechEndsAt: 0,
    moments: MOMENTS,
    ...change,
  });
  const blocker = (change: Partial<RoomStanding>) =>
    sendBlocker(en, SESSIONS.online, standing(change));

  it("is said while a mute lasts, with what is left of it", () => {
    const muted = (left_ms: number) => ({ state: "muted", left_ms }) as const;
    expect(blocker({ speech: muted(0) })).toBe(en.codeMuted);
    expect(blocker({ speech: muted(9000), speechEndsAt: NOW + 3200 })).toBe(en.blockedMuted(4));
    expect(blocker({ speech: muted(9000), speechEndsAt: NOW - 1 })).toBeUndefined();
    expect(blocker({ speech: { state: "mute_all" } })).toBe(en.blockedMuteAll);
    expect(blocker({ speech: { state: "guest" } })).toBe(en.codeGuestsReadOnly);
  });

  it("is counted down in slow mode", () => {
    const speech = { state: "wait", left_ms: 5000, code: Code.SlowMode } as const;
    expect(blocker({ speech, speechEndsAt: NOW + 4001 })).toBe(
      "You can say something again in 5 s.",
    );
    expect(blocker({ speech, speechEndsAt: NOW })).toBeUndefined();
  });

  it("gives way to the reason why the reader is not in the room", () => {
    const away = (absence: RoomStanding["absence"]) => blocker({ member: false, absence });
    expect(away({ why: "banned", until_s: 0, info: "" })).toBe(en.absentBanned);
    expect(away({ why: "banned", until_s: 0xffff_ffff, info: "" })).toBe(en.absentBanned);
    expect(away({ why: "kicked", info: "" })).toBe(en.absentKicked);
    expect(away({ why: "elsewhere", info: "" })).toBe(en.absentElsewhere);
    expect(away({ why: "refused", code: Code.NotAllowed, info: "" })).toBe(en.absentRefused);
    expect(away({ why: "refused", code: Code.RoomGone, info: "" })).toBe(en.codeRoomGone);
    expect(away({ why: "other", info: "" })).toBe(en.absentOther);
    expect(away({ why: "other", info: "the room moved" })).toBe("the room moved");
    expect(away({ why: "dismissed" })).toBe(en.blockedRoomGone);
    expect(away({ why: "none" })).toBe(en.blockedNotInRoom);
  });
});

describe("what lasts longer than a minute", () => {
  const blocked = (change: Partial<RoomStanding>) =>
    sendBlocker(en, SESSIONS.online, {
      dismissed: false,
      member: true,
      absence: { why: "none" },
      speech: { state: "free" },
      speechEndsAt: NOW + 61_000,
      moments: MOMENTS,
      ...change,
    });

  it("is told with the time at which it ends", () => {
    expect(blocked({ speech: { state: "muted", left_ms: 61_000 } })).toBe(
      en.blockedMutedUntil("+61000"),
    );
    expect(blocked({ speech: { state: "wait", left_ms: 61_000, code: Code.SlowMode } })).toBe(
      en.blockedWaitUntil("+61000"),
    );
  });

  it("has the reason with it when the room gave one", () => {
    const until_s = NOW / 1000 + 90;
    expect(blocked({ member: false, absence: { why: "banned", until_s, info: "spam" } })).toBe(
      "You are banned from this room until +90000. Reason: spam",
    );
    const refused = { why: "refused", code: Code.NotAllowed, info: "members only" } as const;
    expect(blocked({ member: false, absence: refused })).toBe(
      "You may not enter this room. Reason: members only",
    );
  });

  it("is named by the clock, and by the day when that is another one", () => {
    const now = new Date(2026, 10, 23, 20, 0).getTime();
    const at = (...date: [number, number, number, number, number]) =>
      momentWords(new Date(...date).getTime(), now, "en-GB");
    expect(at(2026, 10, 23, 20, 41)).toBe("20:41");
    expect(at(2026, 10, 24, 9, 5)).toMatch(/^24 Nov.* 09:05$/);
    expect(at(2027, 0, 1, 9, 5)).toMatch(/^1 Jan 2027.* 09:05$/);
  });
});

describe("a comment that failed", () => {
  it("is said to be not sent, except when nobody knows", () => {
    expect(failureWords(en, { code: Code.Muted, info: "" })).toBe(
      "Not sent. You are muted in this room.",
    );
    for (const words of [en, zh]) {
      const unknown = failureWords(words, { code: Code.NoAnswer, info: "raw" });
      expect(unknown).toBe(words.codeNoAnswer);
    }
  });
});

describe("a login that was ended", () => {
  it("is told with its cause", () => {
    const kicked = (cause: "administrator" | "account_deleted" | "other") =>
      connectionWords(en, { state: "kicked", cause, reason: "" }, 0).text;
    expect(kicked("administrator")).toBe(en.kickedByAdministrator);
    expect(kicked("account_deleted")).toBe(en.kickedAccountDeleted);
    expect(kicked("other")).toBe(en.kickedOther);
  });
});

describe("the two languages", () => {
  it("have the same sentences, none of them empty", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
    for (const [key, sentence] of [...sentences(en), ...sentences(zh)]) {
      expect(sentence.trim(), key).not.toBe("");
      expect(sentence, key).not.toContain("undefined");
    }
  });

  it("are both written: no English left in the Chinese, no exclamation marks in either", () => {
    const sameInBoth = new Set(["keyEscape"]);
    for (const [key, sentence] of sentences(zh)) {
      if (!sameInBoth.has(key) && key !== "heardOne") {
        expect(sentence, key).toMatch(/\p{Script=Han}/u);
      }
      expect(sentence, key).not.toMatch(/[!！]/);
    }
    for (const [key, sentence] of sentences(en)) {
      expect(sentence, key).not.toMatch(/!|error occurred/i);
      if (key !== "languageName") expect(sentence, key).not.toMatch(/\p{Script=Han}/u);
    }
  });

  it("are chosen by what the reader prefers", () => {
    expect(preferredLanguage(["fr-FR", "zh-TW", "en"])).toBe("zh");
    expect(preferredLanguage(["en-GB", "zh-CN"])).toBe("en");
    expect(preferredLanguage(["fr-FR"])).toBe("en");
  });
});
