-- Takes the rows of a journal up, from rows.csv in the current directory, as the run of a name: psql "$URL" -v name=run -f from_journal.sql
\set ON_ERROR_STOP on
\if :{?name}
\else
    \set name run
\endif
BEGIN;
CREATE TEMPORARY TABLE journal (
    id text, connection text, plan json, state text, epoch integer, call json, due bigint, outcome json, created bigint, updated bigint
) ON COMMIT DROP;
\copy journal FROM rows.csv WITH (FORMAT csv)
INSERT INTO http_hook.calls (id, connection, plan, state, epoch, call, due, outcome, created, updated)
SELECT :'name' || '/' || id, connection, coalesce(call -> 'plan', '{}'), state, epoch, call -> 'progress',
    CASE WHEN outcome IS NULL THEN coalesce(due, updated) END, outcome, created, updated
FROM journal;
INSERT INTO http_hook.moved (id, line, digest)
SELECT :'name' || '/' || id, (plan ->> 'line')::bigint, plan ->> 'digest' FROM journal;
COMMIT;
