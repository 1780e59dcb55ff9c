-- What emits series, the dictionary of series, their newest samples, and the recorder's own bookkeeping.
CREATE TABLE resources (
    resource_id  text PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('host', 'application')),
    name         text NOT NULL DEFAULT '',
    environment  text NOT NULL DEFAULT '',
    role         text NOT NULL DEFAULT '',
    organisation text NOT NULL DEFAULT '',
    labels       jsonb NOT NULL DEFAULT '{}',
    interval_s   double precision,
    first_seen   timestamptz NOT NULL DEFAULT now(),
    last_seen    timestamptz NOT NULL DEFAULT now(),
    expected     boolean NOT NULL DEFAULT true
);

CREATE TABLE series (
    series_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    resource_id text NOT NULL,
    name        text NOT NULL,
    labels      jsonb NOT NULL DEFAULT '{}',
    unit        text NOT NULL DEFAULT '',
    kind        text NOT NULL CHECK (kind IN ('gauge', 'counter')),
    text        text NOT NULL,
    first_seen  timestamptz NOT NULL DEFAULT now()
);
-- By a digest: a text may be longer than what an index takes (2,704 bytes).
CREATE UNIQUE INDEX series_text ON series (resource_id, md5(text));
CREATE INDEX series_name ON series (name, resource_id);

-- The newest sample and the one before it, which gives a counter's current rate.
-- Rewritten every second: room on each page keeps the updates on it (HOT).
CREATE TABLE series_latest (
    series_id  integer PRIMARY KEY,
    ts         timestamptz NOT NULL,
    value      double precision NOT NULL,
    prev_ts    timestamptz,
    prev_value double precision
) WITH (fillfactor = 50);

-- A consumer's offsets move in the transaction that writes its rows; a second owner finds another next_offset and is fenced.
CREATE TABLE consumer_offsets (
    consumer    text NOT NULL,
    topic       text NOT NULL,
    partition   integer NOT NULL,
    next_offset bigint NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, topic, partition)
);

CREATE TABLE cardinality_refusals (
    resource_id     text PRIMARY KEY,
    series_max      integer NOT NULL,
    refused_series  bigint NOT NULL,
    refused_samples bigint NOT NULL,
    example         text NOT NULL,
    first_at        timestamptz NOT NULL DEFAULT now(),
    last_at         timestamptz NOT NULL DEFAULT now()
);

-- Buckets whose rollup is to be computed (again): every series of resource_id in that minute or hour.
-- Marks are only added and taken, never shared, so a writer waits for nobody: whoever sees a mark also sees the samples
-- that were written with it, and a sample that comes later brings a mark of its own.
CREATE TABLE rollup_dirty (
    resolution  text NOT NULL CHECK (resolution IN ('minute', 'hour')),
    bucket      timestamptz NOT NULL,
    resource_id text NOT NULL
);
CREATE INDEX rollup_dirty_bucket ON rollup_dirty (resolution, bucket, resource_id);

-- Below its floor a resolution holds no rows any more; writers share the row's lock, retention takes it alone.
CREATE TABLE retention_floors (
    resolution text PRIMARY KEY CHECK (resolution IN ('raw', 'minute', 'hour')),
    floor      timestamptz NOT NULL
);
INSERT INTO retention_floors VALUES ('raw', 'epoch'), ('minute', 'epoch'), ('hour', 'epoch');

-- Batches that came after raw had gone: merged into the rollups, once each.
CREATE TABLE late_batches (
    resource_id text NOT NULL,
    batch_id    text NOT NULL,
    seen_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (resource_id, batch_id)
);
CREATE INDEX late_batches_seen ON late_batches (seen_at);
