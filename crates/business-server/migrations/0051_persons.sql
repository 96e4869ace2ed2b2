-- What is kept of one person is found without reading what is kept of all.
CREATE INDEX draws_by_opener ON draws (opened_by);
CREATE INDEX showings_by_account ON showings (shown_by);
CREATE INDEX broadcasts_by_account ON broadcasts (made_by);
