import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isolated } from "../src/design/bounds";
import { Code, type SessionState } from "../src/host/host";
import { type Catalogue, LANGUAGES, preferredLanguage, speech } from "../src/i18n";
import { en } from "../src/i18n/en";
import { figures } from "../src/i18n/figures";
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
      en: [`Could not connect: ${isolated("the service is busy")}`, "Try again"],
      zh: [`无法连接：${isolated("the service is busy")}`, "再试一次"],
    },
  };

  for (const state of Object.keys(expected) as SessionState[]) {
    it(`says what "${state}" means and what to do, in both languages`, () => {
      for (const language of ["en", "zh"] as const) {
        const [text, action] = expected[state][language];
        const said = connectionWords(speech(language).words, SESSIONS[state], 3200);
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
    expect(errorWords(zh, { code: 12345, info: "quota used up" })).toBe(isolated("quota used up"));
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
    expect(away({ why: "other", info: "the room moved" })).toBe(isolated("the room moved"));
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
      `You are banned from this room until +90000. Reason: ${isolated("spam")}`,
    );
    const refused = { why: "refused", code: Code.NotAllowed, info: "members only" } as const;
    expect(blocked({ member: false, absence: refused })).toBe(
      `You may not enter this room. Reason: ${isolated("members only")}`,
    );
  });

  it("is named by the clock, and by the day when that is another one", () => {
    const now = new Date(2026, 10, 23, 20, 0).getTime();
    const at = (...date: [number, number, number, number, number]) =>
      figures("en-GB").moment(new Date(...date).getTime(), now);
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

describe("the languages", () => {
  const all = LANGUAGES.map((language) => [language, speech(language).words] as const);

  it("have no empty sentence, and no exclamation mark", () => {
    for (const [language, words] of all) {
      for (const [key, sentence] of sentences(words)) {
        expect(sentence.trim(), `${language}.${key}`).not.toBe("");
        expect(sentence, `${language}.${key}`).not.toMatch(/undefined|NaN|#|[!！]|error occurred/i);
      }
    }
  });

  it("are all written: no English is left in another one, and nothing of those in English", () => {
    const ofBlanksOnly = new Set(["heardOne"]);
    const keyNames = new Set(["keyEnter", "keyEscape"]);
    const scripts = { zh: /\p{Script=Han}/u, ar: /\p{Script=Arabic}/u };
    for (const [language, script] of Object.entries(scripts) as [keyof typeof scripts, RegExp][]) {
      for (const [key, sentence] of sentences(speech(language).words)) {
        if (ofBlanksOnly.has(key) || keyNames.has(key)) continue;
        expect(sentence, `${language}.${key}`).toMatch(script);
      }
      for (const [key, sentence] of sentences(en)) {
        if (key !== "languageName") expect(sentence, key).not.toMatch(script);
      }
    }
  });

  it("write numbers of any size as they do, also within a sentence", () => {
    expect(en.newMessages(1)).toBe("1 new message");
    expect(en.newMessages(1204)).toBe("1,204 new messages");
    expect(en.missed(12_000)).toBe("Up to 12,000 messages missed");
    expect(zh.newMessages(1204)).toBe("1,204 条新消息");
    expect(zh.heard(1204, "a", "b")).toBe("1,204 条新评论；a：b");
    expect(speech("ar").figures.times(1204)).toBe("×1,204");
    expect(figures("de").times(1204)).toBe("×1.204");
    expect(en.newMessages(0)).toBe("0 new messages");
    expect(figures("en").more(1204)).toBe("+1,204");
    expect(speech("ar").figures.more(1204), "the sign stays before the figure").toMatch(
      /^\u200e?\+1,204$/,
    );
  });

  it("choose the form that goes with the number", () => {
    const { words } = speech("ar");
    expect([0, 1, 2, 3, 11, 100, 1_204].map((number) => words.newMessages(number))).toEqual([
      "لا رسائل جديدة",
      "رسالة جديدة واحدة",
      "رسالتان جديدتان",
      "3 رسائل جديدة",
      "11 رسالة جديدة",
      "100 رسالة جديدة",
      "1,204 رسائل جديدة",
    ]);
    expect([1, 2].map((number) => en.drawWinners(number))).toEqual(["1 winner", "2 winners"]);
  });

  it("leave room for the number as an element of its own", () => {
    for (const [language, words] of all) {
      for (const number of [0, 1, 2, 3, 11, 100]) {
        expect(words.balance(number, "<>"), language).toContain("<>");
        expect(words.watching(number, "<>"), language).toContain("<>");
      }
    }
  });

  it("have one set of formats each, made in one place", () => {
    expect(figures("pt")).toBe(figures("pt"));
    const source = join(import.meta.dirname, "../src");
    const making = readdirSync(source, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .filter((name) => {
        const text = readFileSync(join(source, name), "utf8");
        return /Intl\.(Number|DateTime|List|Plural)\w*\(|toLocale\w*String\(/.test(text);
      });
    expect(making).toEqual([join("i18n", "figures.ts")]);
  });

  it("are chosen by what the reader prefers", () => {
    expect(preferredLanguage(["fr-FR", "zh-TW", "en"])).toBe("zh");
    expect(preferredLanguage(["en-GB", "zh-CN"])).toBe("en");
    expect(preferredLanguage(["ar-EG", "en"])).toBe("ar");
    expect(preferredLanguage(["fr-FR"])).toBe("en");
  });
});
