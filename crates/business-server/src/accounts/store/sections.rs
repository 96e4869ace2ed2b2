//! What somebody is told of the own rows.

use super::export::Section;

pub(super) const ACCOUNT: Section = Section::by_text(
    "account",
    "SELECT user_id AS place, user_id, nick, role, experience, created_s, blocked_s
     FROM accounts WHERE user_id = $1 AND user_id > $2 LIMIT $3",
);
pub(super) const IDENTITY: Section = Section::by_text(
    "identity",
    "SELECT digest AS place, issuer, subject FROM account_subjects
     WHERE user_id = $1 AND digest > $2 LIMIT $3",
);
pub(super) const ROOMS: Section = Section::by_text(
    "rooms",
    "SELECT group_id AS place, group_id AS room, title, created_s FROM rooms
     WHERE owner = $1 AND group_id > $2 ORDER BY group_id LIMIT $3",
);
pub(super) const MODERATES: Section = Section::by_text(
    "moderates",
    "SELECT group_id AS place, group_id AS room, added_s FROM room_moderators
     WHERE user_id = $1 AND group_id > $2 ORDER BY group_id LIMIT $3",
);
pub(super) const WALLET: Section = Section::by_number(
    "wallet",
    "SELECT t.number AS place, t.kind, t.reference,
         e.amount AS coins, t.at_ms
     FROM ledger_entries e JOIN ledger_transactions t ON t.number = e.transaction_number
     WHERE e.account = 'wallet:' || $1
       AND e.transaction_number > $2
     ORDER BY e.transaction_number LIMIT $3",
);
pub(super) const INCOME: Section = Section::by_number(
    "income",
    "SELECT t.number AS place, t.kind, t.reference,
         e.amount AS coins, t.at_ms
     FROM ledger_entries e JOIN ledger_transactions t ON t.number = e.transaction_number
     WHERE e.account = 'income:' || $1
       AND e.transaction_number > $2
     ORDER BY e.transaction_number LIMIT $3",
);
pub(super) const GIFTS: Section = Section::by_text(
    "gifts",
    "SELECT order_id AS place, order_id, group_id AS room, gift, count, coins, at_ms,
         refunded_ms
     FROM gift_orders WHERE user_id = $1 AND order_id > $2 ORDER BY order_id LIMIT $3",
);
pub(super) const SHOP_ORDERS: Section = Section::by_text(
    "shop_orders",
    "SELECT order_id AS place, order_id, product, quantity, group_id AS room, taken_s
     FROM shop_orders WHERE user_id = $1 AND order_id > $2 ORDER BY order_id LIMIT $3",
);
pub(super) const PRODUCTS_OPENED: Section = Section::by_text(
    "products_opened",
    "SELECT group_id || '/' || stream || '/' || product AS place, group_id AS room, stream,
         product
     FROM product_clicks
     WHERE user_id = $1 AND group_id || '/' || stream || '/' || product > $2
     ORDER BY 1 LIMIT $3",
);
pub(super) const FOLLOWS: Section = Section::by_text(
    "follows",
    "SELECT host AS place, host, following, told_s FROM follows
     WHERE user_id = $1 AND host > $2 ORDER BY host LIMIT $3",
);
pub(super) const STREAMS_COMMENTED: Section = Section::by_text(
    "streams_commented",
    "SELECT group_id || '/' || stream AS place, group_id AS room, stream, minute
     FROM statistics_chatters WHERE user_id = $1 AND group_id || '/' || stream > $2
     ORDER BY 1 LIMIT $3",
);
pub(super) const MODERATED: Section = Section::by_number(
    "moderated",
    "SELECT id AS place, group_id AS room, text, reason,
         action, at_s
     FROM moderation_log
     WHERE user_id = $1 AND id > $2
     ORDER BY id LIMIT $3",
);
pub(super) const REVIEWS: Section = Section::by_number(
    "reviews",
    "SELECT id AS place, group_id AS room, text, reason,
         verdict, at_s
     FROM moderation_reviews
     WHERE user_id = $1 AND id > $2
     ORDER BY id LIMIT $3",
);
pub(super) const MEASURES: Section = Section::by_text(
    "measures",
    "SELECT group_id || '/' || measure AS place, group_id AS room, measure, until_s
     FROM moderation_measures WHERE user_id = $1 AND group_id || '/' || measure > $2
     ORDER BY 1 LIMIT $3",
);
pub(super) const DRAWS_ENTERED: Section = Section::by_text(
    "draws_entered",
    "SELECT draw AS place, draw, said_ms FROM draw_entrants
     WHERE user_id = $1 AND draw > $2 ORDER BY draw LIMIT $3",
);
pub(super) const DRAWS_WON: Section = Section::by_text(
    "draws_won",
    "SELECT draw AS place, draw, place AS rank, nick FROM draw_winners
     WHERE user_id = $1 AND draw > $2 ORDER BY draw LIMIT $3",
);
pub(super) const ACTS: Section = Section::by_number(
    "acts",
    "SELECT number AS place, at_ms, call, room, target
     FROM audit
     WHERE actor = $1 AND number > $2
     ORDER BY number LIMIT $3",
);
pub(super) const COMBOS: Section = Section::by_text(
    "combos",
    "SELECT group_id || '/' || combo AS place, group_id AS room, gift, total, last_ms
     FROM gift_combos WHERE user_id = $1 AND group_id || '/' || combo > $2 ORDER BY 1 LIMIT $3",
);
pub(super) const RANKINGS: Section = Section::by_text(
    "rankings",
    "SELECT group_id || '/' || span || '/' || span_number AS place, group_id AS room, span,
         span_number, coins
     FROM gift_sums
     WHERE user_id = $1 AND group_id || '/' || span || '/' || span_number > $2
     ORDER BY 1 LIMIT $3",
);
pub(super) const ANSWERS: Section = Section::by_text(
    "answers",
    "SELECT key AS place, key, at_ms FROM idempotency_keys
     WHERE user_id = $1 AND key > $2 ORDER BY key LIMIT $3",
);
pub(super) const LIKES: Section = Section::by_text(
    "likes",
    "SELECT run AS place, run, last, at_s FROM like_runs
     WHERE user_id = $1 AND run > $2 ORDER BY run LIMIT $3",
);
pub(super) const WATCHING: Section = Section::by_text(
    "watching",
    "SELECT group_id AS place, group_id AS room, since_ms, away_ms FROM watching
     WHERE user_id = $1 AND group_id > $2 ORDER BY group_id LIMIT $3",
);
pub(super) const PRESENT: Section = Section::by_text(
    "present",
    "SELECT group_id AS place, group_id AS room, state, since_ms FROM statistics_presence
     WHERE user_id = $1 AND group_id > $2 ORDER BY group_id LIMIT $3",
);
pub(super) const EXPERIENCE: Section = Section::by_text(
    "experience",
    "SELECT user_id AS place, day, watched_minutes, minute, comments FROM experience_caps
     WHERE user_id = $1 AND user_id > $2 LIMIT $3",
);
pub(super) const DRAWS_OPENED: Section = Section::by_text(
    "draws_opened",
    "SELECT draw AS place, draw, group_id AS room, keyword, prize, opened_ms FROM draws
     WHERE opened_by = $1 AND draw > $2 ORDER BY draw LIMIT $3",
);
pub(super) const SHOWN: Section = Section::by_text(
    "shown",
    "SELECT group_id || '/' || showing AS place, group_id AS room, product, shown_s
     FROM showings WHERE shown_by = $1 AND group_id || '/' || showing > $2
     ORDER BY 1 LIMIT $3",
);
pub(super) const BROADCASTS: Section = Section::by_text(
    "broadcasts",
    "SELECT broadcast AS place, broadcast, text, made_ms FROM broadcasts
     WHERE made_by = $1 AND broadcast > $2 ORDER BY broadcast LIMIT $3",
);
