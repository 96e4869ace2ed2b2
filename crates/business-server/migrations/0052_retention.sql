-- By which what was given up long ago is found.
CREATE INDEX notifications_dead_old ON notifications (dead_ms) WHERE state = 'dead';
