-- Samples and their rollups as range partitions; store/partitions.py makes and drops the partitions.
CREATE TABLE samples (
    series_id integer NOT NULL,
    ts        timestamptz NOT NULL,
    value     double precision NOT NULL,
    PRIMARY KEY (series_id, ts)
) PARTITION BY RANGE (ts);

-- Rollups are written bucket by bucket and read series by series: the index holds the values, so that a chart of one
-- series reads neighbours in the index and not a page of the table for each bucket.
CREATE TABLE samples_minute (
    series_id integer NOT NULL,
    bucket    timestamptz NOT NULL,
    min       double precision NOT NULL,
    max       double precision NOT NULL,
    sum       double precision NOT NULL,
    count     bigint NOT NULL,
    last      double precision NOT NULL,
    PRIMARY KEY (series_id, bucket) INCLUDE (min, max, sum, count, last)
) PARTITION BY RANGE (bucket);

CREATE TABLE samples_hour (
    series_id integer NOT NULL,
    bucket    timestamptz NOT NULL,
    min       double precision NOT NULL,
    max       double precision NOT NULL,
    sum       double precision NOT NULL,
    count     bigint NOT NULL,
    last      double precision NOT NULL,
    PRIMARY KEY (series_id, bucket) INCLUDE (min, max, sum, count, last)
) PARTITION BY RANGE (bucket);
