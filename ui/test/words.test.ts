import { describe, expect, it } from "vitest";
import { connectionWords, errorWords, sendBlocker } from "../src/connection/words";
import { Code, type SessionState } from "../src/host/host";
import { type Catalogue, catalogue, preferredLanguage } from "../src/i18n";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";
import { SESSIONS } from "./support/rows";

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
  const open = { dismissed: false, member: true };

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
