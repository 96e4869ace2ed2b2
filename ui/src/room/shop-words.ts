import { isolated } from "../design/bounds";
import type { ShopError } from "../host/host";
import type { Catalogue } from "../i18n";

/** Why the shop did not do it, in the reader's language where the window knows the code. */
export function shopErrorWords(words: Catalogue, error: ShopError): string {
  switch (error.code) {
    case "away":
      return words.shopAway;
    case "unclear":
      return words.shopUnclear;
    case "rate":
    case "busy":
      return words.shopTooFast;
    default:
      return error.info ? isolated(error.info) : words.shopRefused(error.code);
  }
}

/** The same for gifts, where the first question is whether they were paid. */
export function giftErrorWords(words: Catalogue, error: ShopError, mayTopUp: boolean): string {
  switch (error.code) {
    case "balance":
      return mayTopUp ? words.giftBalanceTopUp : words.giftBalance;
    case "not_live":
      return words.giftNotLive;
    case "away":
      return words.giftAway;
    case "unclear":
      return words.giftUnclear;
    case "outbox_full":
    case "outbox_full_everywhere":
      return words.giftOutboxFull;
    case "rate":
    case "busy":
      return words.giftTooFast;
    default:
      return shopErrorWords(words, error);
  }
}
