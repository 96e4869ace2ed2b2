//! Which rows are kept for how long.

use std::time::Duration;

const MINUTE_S: u64 = 60;
const DAY_S: u64 = 24 * 60 * MINUTE_S;
/// What an operator or a host looks at: figures, and what was shown and said to all rooms.
const FIGURES_S: u64 = 400 * DAY_S;

/// In what a column tells the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Milliseconds,
    Seconds,
    Minutes,
    Days,
}

impl Unit {
    fn in_ms(self) -> u64 {
        match self {
            Self::Milliseconds => 1,
            Self::Seconds => 1_000,
            Self::Minutes => MINUTE_S * 1_000,
            Self::Days => DAY_S * 1_000,
        }
    }
}

/// Rows of one table that go when they are too old.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) table: &'static str,
    /// Columns by which a row is named.
    pub(super) key: &'static str,
    /// The rows that go, by their keys: those whose time is before `$1`.
    pub(super) old: &'static str,
    pub(super) unit: Unit,
    pub(super) keep: Keep,
    /// Adds `$1` rows to a figure, where it is told how many went.
    pub(super) counted: Option<&'static str>,
}

/// For how long.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keep {
    /// So many seconds.
    For(u64),
    /// As the operator has configured it for the audit.
    Audit,
}

/// What is configured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Periods {
    pub(super) audit: Duration,
}

/// How many were given up and never delivered.
const FORGOTTEN: Option<&str> =
    Some("UPDATE notification_figures SET value = value + $1 WHERE name = 'forgotten'");

impl Rule {
    /// The earliest time that stays.
    pub(super) fn before(&self, now_ms: u64, periods: Periods) -> u64 {
        let keep_s = match self.keep {
            Keep::For(seconds) => seconds,
            Keep::Audit => periods.audit.as_secs(),
        };
        now_ms.saturating_sub(keep_s.saturating_mul(1_000)) / self.unit.in_ms()
    }
}

pub(super) static RULES: [Rule; 24] = [
    // A run of a client that has given no likes for so long gives none of its batches again.
    Rule {
        table: "like_runs",
        key: "user_id, run",
        old: "SELECT user_id, run FROM like_runs WHERE at_s < $1",
        unit: Unit::Seconds,
        keep: Keep::For(7 * DAY_S),
        counted: None,
    },
    // The chat service delivers an event again within an hour.
    Rule {
        table: "webhook_events",
        key: "id",
        old: "SELECT id FROM webhook_events WHERE state = 1 AND came_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(DAY_S),
        counted: None,
    },
    // What was set aside waits for a person.
    Rule {
        table: "webhook_events",
        key: "id",
        old: "SELECT id FROM webhook_events WHERE state = 2 AND came_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(30 * DAY_S),
        counted: None,
    },
    // What was delivered is kept for whoever looks for it, and against a second posting of its key.
    Rule {
        table: "outbox",
        key: "number",
        old: "SELECT number FROM outbox WHERE state = 'delivered' AND done_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(DAY_S),
        counted: None,
    },
    // What was not delivered: a person has to look at it.
    Rule {
        table: "outbox",
        key: "number",
        old: "SELECT number FROM outbox WHERE state IN ('failed', 'out_of_date', 'cancelled')
              AND done_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(30 * DAY_S),
        counted: None,
    },
    // What the shop has not taken waits for a person.
    Rule {
        table: "notifications",
        key: "number",
        old: "SELECT number FROM notifications WHERE state = 'dead' AND dead_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(30 * DAY_S),
        counted: FORGOTTEN,
    },
    // The same, where it is too much: the latest stay, as many as may wait. All of them while the shop
    // has no webhook.
    Rule {
        table: "notifications",
        key: "number",
        old: "SELECT number FROM notifications WHERE state = 'dead' AND $1 >= 0 AND number <= (
                  SELECT number FROM notifications WHERE state = 'dead' AND number > 0
                  ORDER BY number DESC LIMIT 1 OFFSET (
                      SELECT CASE WHEN value > 0 THEN value ELSE 9223372036854775807 END
                      FROM notification_figures WHERE name = 'limit'))",
        unit: Unit::Milliseconds,
        keep: Keep::For(0),
        counted: FORGOTTEN,
    },
    Rule {
        table: "audit",
        key: "number",
        old: "SELECT number FROM audit WHERE at_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::Audit,
        counted: None,
    },
    // First answers of calls that move coins.
    Rule {
        table: "idempotency_keys",
        key: "user_id, key",
        old: "SELECT user_id, key FROM idempotency_keys WHERE at_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(7 * DAY_S),
        counted: None,
    },
    // A combo goes on for seconds; a client that named one may go on with it for as long as a day.
    Rule {
        table: "gift_combos",
        key: "group_id, combo",
        old: "SELECT group_id, combo FROM gift_combos WHERE due_ms IS NULL AND last_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(DAY_S),
        counted: None,
    },
    // Sums of days. Those of streams stay with the streams.
    Rule {
        table: "gift_sums",
        key: "group_id, span, span_number, user_id",
        old: "SELECT group_id, span, span_number, user_id FROM gift_sums
              WHERE span = 'day' AND span_number < $1",
        unit: Unit::Days,
        keep: Keep::For(FIGURES_S),
        counted: None,
    },
    Rule {
        table: "like_days",
        key: "group_id, day",
        old: "SELECT group_id, day FROM like_days WHERE day < $1",
        unit: Unit::Days,
        keep: Keep::For(FIGURES_S),
        counted: None,
    },
    Rule {
        table: "moderation_log",
        key: "id",
        old: "SELECT id FROM moderation_log WHERE at_s < $1",
        unit: Unit::Seconds,
        keep: Keep::For(90 * DAY_S),
        counted: None,
    },
    Rule {
        table: "moderation_reviews",
        key: "id",
        old: "SELECT id FROM moderation_reviews WHERE at_s < $1",
        unit: Unit::Seconds,
        keep: Keep::For(90 * DAY_S),
        counted: None,
    },
    // Measures that were carried out, or cannot be, and are over.
    Rule {
        table: "moderation_measures",
        key: "group_id, user_id, measure",
        old: "SELECT group_id, user_id, measure FROM moderation_measures
              WHERE state > 0 AND until_s < $1 AND written_s < $1",
        unit: Unit::Seconds,
        keep: Keep::For(90 * DAY_S),
        counted: None,
    },
    Rule {
        table: "statistics_minutes",
        key: "group_id, stream, minute",
        old: "SELECT group_id, stream, minute FROM statistics_minutes WHERE minute < $1",
        unit: Unit::Minutes,
        keep: Keep::For(FIGURES_S),
        counted: None,
    },
    Rule {
        table: "statistics_chatters",
        key: "group_id, stream, user_id",
        old: "SELECT group_id, stream, user_id FROM statistics_chatters WHERE minute < $1",
        unit: Unit::Minutes,
        keep: Keep::For(FIGURES_S),
        counted: None,
    },
    // Of whom nothing is heard for so long, nobody knows where they are.
    Rule {
        table: "statistics_presence",
        key: "user_id, group_id",
        old: "SELECT user_id, group_id FROM statistics_presence WHERE since_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(7 * DAY_S),
        counted: None,
    },
    // Longer than anybody watches without an event.
    Rule {
        table: "watching",
        key: "user_id, group_id",
        old: "SELECT user_id, group_id FROM watching WHERE since_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(2 * DAY_S),
        counted: None,
    },
    // A gift message that the outbox delivers twice comes twice within a day.
    Rule {
        table: "experience_gifts",
        key: "message",
        old: "SELECT message FROM experience_gifts WHERE at_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(2 * DAY_S),
        counted: None,
    },
    // Who has opened a link, once the stream was over for so long.
    Rule {
        table: "product_clicks",
        key: "group_id, stream, product, user_id",
        old: "SELECT c.group_id, c.stream, c.product, c.user_id FROM streams s
              CROSS JOIN product_clicks c ON c.group_id = s.group_id AND c.stream = s.stream
              WHERE s.ended_s < $1",
        unit: Unit::Seconds,
        keep: Keep::For(FIGURES_S),
        counted: None,
    },
    Rule {
        table: "showings",
        key: "group_id, showing",
        old: "SELECT group_id, showing FROM showings WHERE left_s < $1",
        unit: Unit::Seconds,
        keep: Keep::For(FIGURES_S),
        counted: None,
    },
    // Who took part in a draw, once its record stands: the record has its own list.
    Rule {
        table: "draw_entrants",
        key: "draw, user_id",
        old: "SELECT e.draw, e.user_id FROM draws d CROSS JOIN draw_entrants e ON e.draw = d.draw
              WHERE d.recorded = 1 AND d.over_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(7 * DAY_S),
        counted: None,
    },
    // Which rooms a broadcast has reached; the broadcast itself stays.
    Rule {
        table: "broadcast_rooms",
        key: "broadcast, group_id",
        old: "SELECT r.broadcast, r.group_id FROM broadcasts b
              CROSS JOIN broadcast_rooms r ON r.broadcast = b.broadcast
              WHERE b.state <> 'waiting' AND b.made_ms < $1",
        unit: Unit::Milliseconds,
        keep: Keep::For(FIGURES_S),
        counted: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_unit_of_its_column() {
        let periods = Periods { audit: Duration::from_secs(2 * DAY_S) };
        let rule = |unit, keep| Rule { table: "t", key: "k", old: "", unit, keep, counted: None };
        let before = |unit, now_ms| rule(unit, Keep::For(DAY_S)).before(now_ms, periods);
        let now_ms = 10 * DAY_S * 1_000 + 90_500;
        assert_eq!(before(Unit::Milliseconds, now_ms), 9 * DAY_S * 1_000 + 90_500);
        assert_eq!(before(Unit::Seconds, now_ms), 9 * DAY_S + 90);
        assert_eq!(before(Unit::Minutes, now_ms), 9 * 24 * 60 + 1);
        assert_eq!(before(Unit::Days, now_ms), 9);
        assert_eq!(before(Unit::Days, 0), 0);
        assert_eq!(rule(Unit::Days, Keep::Audit).before(now_ms, periods), 8);
    }
}
