-- What picketd keeps: alerts, what is to be delivered, what was given up.
-- Times are Unix milliseconds; booleans 0 or 1; `data` is the alert document.

-- A row that is written to learn whether writing works again.
CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE alerts (
	id TEXT PRIMARY KEY,
	rule TEXT NOT NULL,
	kind TEXT NOT NULL,
	tenant TEXT NOT NULL,
	dedup_key TEXT NOT NULL,
	score INTEGER NOT NULL,
	severity INTEGER NOT NULL,
	event_ms INTEGER NOT NULL,
	detected_ms INTEGER NOT NULL,
	stored_ms INTEGER NOT NULL,
	suppressed INTEGER NOT NULL DEFAULT 0,
	data TEXT NOT NULL
);
CREATE INDEX alerts_by_priority ON alerts (score DESC, event_ms DESC);
CREATE INDEX alerts_by_age ON alerts (stored_ms);

-- One row a target ever configured. seq is the last number given out: numbers
-- of one target have no gaps, so that a receiver can prove completeness.
CREATE TABLE targets (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	seq INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE outbox (
	target INTEGER NOT NULL REFERENCES targets (id),
	seq INTEGER NOT NULL,
	alert TEXT NOT NULL,
	type TEXT NOT NULL,
	score INTEGER NOT NULL,
	event_ms INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	due_ms INTEGER NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0,
	refusals INTEGER NOT NULL DEFAULT 0,
	first_ms INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (target, seq)
) WITHOUT ROWID;
CREATE INDEX outbox_by_priority ON outbox (target, score DESC, event_ms DESC, seq);
CREATE INDEX outbox_by_alert ON outbox (alert);

CREATE TABLE dead_letters (
	id INTEGER PRIMARY KEY,
	target TEXT NOT NULL,
	seq INTEGER NOT NULL,
	alert TEXT NOT NULL,
	webhook_id TEXT NOT NULL,
	reason TEXT NOT NULL,
	last_status INTEGER NOT NULL,
	last_body TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	first_ms INTEGER NOT NULL,
	last_ms INTEGER NOT NULL,
	envelope TEXT NOT NULL
);
CREATE INDEX dead_letters_by_age ON dead_letters (last_ms);

CREATE TABLE delivered (
	target INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	alert TEXT NOT NULL,
	status INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	delivered_ms INTEGER NOT NULL,
	PRIMARY KEY (target, seq)
) WITHOUT ROWID;
CREATE INDEX delivered_by_age ON delivered (delivered_ms);
