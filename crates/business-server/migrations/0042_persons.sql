-- What is kept of one person is found without reading what is kept of all.
CREATE INDEX gift_orders_by_owner ON gift_orders (owner);
CREATE INDEX gift_sums_by_user ON gift_sums (user_id);
CREATE INDEX gift_combos_by_user ON gift_combos (user_id);
CREATE INDEX product_clicks_by_user ON product_clicks (user_id);
CREATE INDEX statistics_chatters_by_user ON statistics_chatters (user_id);
CREATE INDEX moderation_log_by_user ON moderation_log (user_id);
CREATE INDEX moderation_reviews_by_user ON moderation_reviews (user_id);
CREATE INDEX draw_entrants_by_user ON draw_entrants (user_id);
CREATE INDEX draw_winners_by_user ON draw_winners (user_id);
CREATE INDEX follows_by_user ON follows (user_id);
CREATE INDEX rooms_by_owner ON rooms (owner);
