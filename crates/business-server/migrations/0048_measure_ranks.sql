-- The rank of who set a mute or ban: 0 the rules of the room, 1 a moderator of the room, 2 its host,
-- 3 a moderator, 4 an administrator. Nobody of a lower rank lifts or shortens it.
ALTER TABLE moderation_measures ADD COLUMN set_by_rank BIGINT NOT NULL DEFAULT 0;

-- Of those that hold already, by what their moderators are now.
UPDATE moderation_measures SET set_by_rank = CASE
    WHEN EXISTS (SELECT 1 FROM accounts a
                 WHERE a.user_id = substr(reason, 11) AND a.role = 'admin') THEN 4
    WHEN EXISTS (SELECT 1 FROM accounts a
                 WHERE a.user_id = substr(reason, 11) AND a.role = 'moderator') THEN 3
    WHEN EXISTS (SELECT 1 FROM rooms r
                 WHERE r.group_id = moderation_measures.group_id
                     AND r.owner = substr(reason, 11)) THEN 2
    ELSE 1 END
WHERE reason LIKE 'moderator %';
