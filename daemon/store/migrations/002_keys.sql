-- Which events an alert is about (alert/incidents.h), so that after a restart
-- a report can still join it. The index holds all that is read at the start:
-- `data` makes the rows long.

ALTER TABLE alerts ADD COLUMN keys BLOB;
DROP INDEX alerts_by_age;
CREATE INDEX alerts_by_age ON alerts (stored_ms, suppressed, detected_ms, event_ms, score, id, dedup_key, keys);
