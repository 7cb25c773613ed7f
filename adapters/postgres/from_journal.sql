-- Takes the rows of a journal up, from rows.csv in the current directory: psql "$URL" -f from_journal.sql
\set ON_ERROR_STOP on
BEGIN;
CREATE TEMPORARY TABLE journal (
    id text, connection text, state text, epoch integer, call json, due bigint, outcome json, created bigint, updated bigint
) ON COMMIT DROP;
\copy journal FROM rows.csv WITH (FORMAT csv)
INSERT INTO http_hook.calls (id, connection, plan, state, epoch, call, due, outcome, created, updated)
SELECT id, connection, coalesce(call -> 'plan', '{}'), state, epoch, call -> 'progress',
    CASE WHEN outcome IS NULL THEN coalesce(due, updated) END, outcome, created, updated
FROM journal;
COMMIT;
