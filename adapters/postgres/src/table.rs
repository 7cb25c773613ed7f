//! The table `http_hook.calls`, and every statement over it. Times are unix milliseconds, those of the database.
//!
//! ```text
//!            begin                 done
//! new ─────▶ sending ────────────▶ done          begin, wait, done and cancel hold for one epoch only, and move it on:
//!  │          ▲  │ wait             ▲            who comes late changes nothing, and stops
//!  │ wait     │  ▼                  │
//!  └───────▶ waiting ───────────────┘            cancel: new | waiting ─▶ cancelled
//! ```
//!
//! The stored forms are `json`, not `jsonb`: their digests are over the text, and `jsonb` keeps neither the order of fields nor a NUL.

/// The schema of the queue's own tables.
pub(crate) const QUEUE: &str = "http_hook_queue";

/// The name of the queue's task.
pub(crate) const TASK: &str = "http_hook.call";

/// Made by whoever comes first; the lock is for those who come at the same time.
pub(crate) const MIGRATE: &str = "
SELECT pg_advisory_xact_lock(hashtext('http_hook.migrate'));
CREATE SCHEMA IF NOT EXISTS http_hook;
CREATE TABLE IF NOT EXISTS http_hook.calls (
    id text PRIMARY KEY,
    connection text NOT NULL,
    plan json NOT NULL,
    state text NOT NULL CHECK (state IN ('new', 'waiting', 'sending', 'done', 'cancelled')),
    epoch integer NOT NULL DEFAULT 0,
    call json,
    due bigint,
    outcome json,
    created bigint NOT NULL,
    updated bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS http_hook.moved (id text PRIMARY KEY, line bigint NOT NULL, digest text NOT NULL);
CREATE INDEX IF NOT EXISTS calls_due ON http_hook.calls (due, id) WHERE state IN ('new', 'waiting', 'sending');
";

/// What the queue's own index lacks: it begins with the priority, so that each fetch reads all rows that wait. The other finds the
/// job of a call.
pub(crate) const INDEX: &str = "
SELECT pg_advisory_xact_lock(hashtext('http_hook.migrate'));
CREATE INDEX IF NOT EXISTS http_hook_run_at ON http_hook_queue._private_jobs (run_at) WHERE is_available;
CREATE INDEX IF NOT EXISTS http_hook_call ON http_hook_queue._private_jobs ((payload ->> 'id'));
";

/// The last things that are made, in both schemas: one of them may have been lost, or left out of a backup.
pub(crate) const IS_MADE: &str = "
SELECT to_regclass('http_hook_queue.http_hook_call') IS NOT NULL AND to_regclass('http_hook.calls_due') IS NOT NULL
    AND to_regclass('http_hook.moved') IS NOT NULL";

/// $1 ids, $2 plans, $3 calls, $4 connection, $5 milliseconds until they are due. Returns the ids that were new.
pub(crate) const SUBMIT: &str = "
WITH clock AS (SELECT (extract(epoch FROM now()) * 1000)::bigint AS ms),
put AS (
    INSERT INTO http_hook.calls (id, connection, plan, state, call, due, created, updated)
    SELECT given.id, $4::text, given.plan::json, 'new', given.call::json, clock.ms + $5::bigint, clock.ms, clock.ms
    FROM clock, unnest($1::text[], $2::text[], $3::text[]) AS given (id, plan, call)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
),
specs AS (
    SELECT array_agg(('http_hook.call', json_build_object('id', id), NULL, now() + $5::bigint * interval '1 ms', NULL,
        NULL, NULL, NULL)::http_hook_queue.job_spec) AS list
    FROM put
    HAVING count(*) > 0
)
SELECT job.payload ->> 'id' FROM specs, LATERAL http_hook_queue.add_jobs(specs.list) AS job";

/// $1 ids: those that stand there with the same connection $3 and plans $2.
pub(crate) const SAME: &str = "
SELECT calls.id FROM http_hook.calls AS calls, unnest($1::text[], $2::text[]) AS given (id, plan)
WHERE calls.id = given.id AND calls.plan::text = given.plan AND calls.connection = $3::text";

/// $1 id.
pub(crate) const LOAD: &str = "
SELECT connection, plan::text, call::text, state, epoch FROM http_hook.calls
WHERE id = $1 AND state IN ('new', 'waiting', 'sending')";

/// $1 id, $2 epoch, $3 attempt. Returns the next epoch; after the last one comes the first, since only whether it is the same counts.
pub(crate) const BEGIN: &str = "
UPDATE http_hook.calls
SET state = 'sending', call = $3::text::json, epoch = epoch % 2147483647 + 1, updated = (extract(epoch FROM now()) * 1000)::bigint
WHERE id = $1 AND epoch = $2 AND state IN ('new', 'waiting', 'sending')
RETURNING epoch";

/// $1 id, $2 epoch, $3 call, $4 wait in milliseconds. The job that wakes it is put in the same transaction.
pub(crate) const WAIT: &str = "
WITH moved AS (
    UPDATE http_hook.calls
    SET state = 'waiting', call = $3::text::json, epoch = epoch % 2147483647 + 1, updated = (extract(epoch FROM now()) * 1000)::bigint,
        due = (extract(epoch FROM now()) * 1000)::bigint + $4::bigint
    WHERE id = $1 AND epoch = $2 AND state IN ('new', 'waiting', 'sending')
    RETURNING id
)
SELECT job.id FROM moved, LATERAL http_hook_queue.add_job('http_hook.call', json_build_object('id', moved.id),
    run_at := now() + $4::bigint * interval '1 ms') AS job";

/// $1 id, $2 epoch, $3 outcome.
pub(crate) const DONE: &str = "
UPDATE http_hook.calls
SET state = 'done', call = NULL, due = NULL, outcome = $3::text::json, epoch = epoch % 2147483647 + 1,
    updated = (extract(epoch FROM now()) * 1000)::bigint
WHERE id = $1 AND epoch = $2 AND state IN ('new', 'waiting', 'sending')";

/// $1 id.
pub(crate) const CANCEL: &str = "
UPDATE http_hook.calls
SET state = 'cancelled', call = NULL, due = NULL, epoch = epoch % 2147483647 + 1, updated = (extract(epoch FROM now()) * 1000)::bigint
WHERE id = $1 AND state IN ('new', 'waiting')";

/// $1 id. What the queue says of it is that of the job which failed last.
pub(crate) const STATUS: &str = "
SELECT calls.connection, calls.state, calls.epoch, calls.due, calls.created, calls.updated, calls.outcome::text,
    (SELECT jobs.last_error FROM http_hook_queue._private_jobs AS jobs
        WHERE jobs.payload ->> 'id' = calls.id AND jobs.last_error IS NOT NULL ORDER BY jobs.updated_at DESC LIMIT 1)
FROM http_hook.calls AS calls WHERE calls.id = $1";

/// $1 ids: those that have ended, in the order of the ids.
pub(crate) const ENDED: &str = "
SELECT calls.id, calls.state, calls.outcome::text
FROM unnest($1::text[]) WITH ORDINALITY AS given (id, place) JOIN http_hook.calls AS calls ON calls.id = given.id
WHERE calls.state IN ('done', 'cancelled') ORDER BY given.place";

/// $1 ids: those that were moved here from the journal of a run, with what that knew of their lines.
pub(crate) const MOVED: &str = "SELECT id, line, digest FROM http_hook.moved WHERE id = ANY($1)";

pub(crate) const COUNTS: &str =
    "SELECT state, count(*) FROM http_hook.calls GROUP BY state ORDER BY state";

/// $1 how long they are due, in milliseconds, $2 and $3 where the last look ended, $4 how many to look at. Those that are due, have
/// not ended and have no job that could run get one; so do those that say no time, as rows that somebody has copied from a journal.
pub(crate) const LOST: &str = "
WITH seen AS (
    SELECT id, due FROM http_hook.calls
    WHERE state IN ('new', 'waiting', 'sending') AND (due, id) > ($2::bigint, $3::text)
        AND due <= (extract(epoch FROM now()) * 1000)::bigint - $1::bigint
    ORDER BY due, id LIMIT $4::bigint
),
without AS (
    SELECT id FROM http_hook.calls
    WHERE state IN ('new', 'waiting', 'sending') AND due IS NULL
        AND updated <= (extract(epoch FROM now()) * 1000)::bigint - $1::bigint
    ORDER BY id LIMIT $4::bigint
),
lost AS (
    SELECT id FROM (SELECT id FROM seen UNION ALL SELECT id FROM without) AS found WHERE NOT EXISTS (
        SELECT FROM http_hook_queue._private_jobs AS jobs
        WHERE jobs.payload ->> 'id' = found.id AND (jobs.attempts < jobs.max_attempts OR jobs.locked_at IS NOT NULL))
),
woken AS (
    SELECT job.id FROM lost, LATERAL http_hook_queue.add_job('http_hook.call', json_build_object('id', lost.id)) AS job
)
SELECT (SELECT count(*) FROM seen), (SELECT count(*) FROM woken),
    (SELECT due FROM seen ORDER BY due DESC, id DESC LIMIT 1), (SELECT id FROM seen ORDER BY due DESC, id DESC LIMIT 1)";
