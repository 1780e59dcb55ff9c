"""The SQL that reads a part of a span: samples to points, points to lines, lines to steps, steps to arrays.

All statements take the same arguments: ``$1`` series ids, ``$2`` their lines, ``$3`` their roles (0: what is read or
divided, 1: a ratio's divisor), ``$4`` the longest pause in seconds that a growth may span, ``$5`` and ``$6`` the span
(end excluded), ``$7`` where reading begins so that the first growth has something to grow from, ``$8`` and ``$9`` the
grid's start and step, ``$10`` the series' intervals in seconds. They answer one row per line, with arrays: slots of the
grid, values, lows, highs, weights.

Points are (line, series, role, time, value, low, high, weight): the value with its band, and how much it counts for in
a mean. A gauge's weight is its number of samples, a rate's its seconds, a ratio's its divisor.
"""

import functools
from dataclasses import dataclass

from watchkeeper.api.metrics.grid import CARRY_INTERVALS
from watchkeeper.api.metrics.resolution import WIDTH_S, Aggregate, Resolution
from watchkeeper.api.metrics.types import Combine, Shape


@dataclass(frozen=True)
class Reading:
    """What decides the statement. ``single``: each line has one series, so nothing is combined."""

    resolution: Resolution
    shape: Shape
    counter: bool
    combine: Combine
    agg: Aggregate
    single: bool
    whole: bool = False
    """Whether each bucket of a rollup is a step of the grid, so that nothing is put together within a step."""
    sparse: bool = False
    """Whether some series of a line come less often than a step or a bucket, so that one of them may have none there:
    each then stands until its next, 1.5 intervals at most, before they are combined."""
    leads_in: bool = False
    """Whether what stood before the span is read as well, because it still stands at its beginning."""


FROM = "$5"
LEADING_IN = f"$5::timestamptz - make_interval(secs => {CARRY_INTERVALS} * interval_s)"

MEMBERS = """
WITH member AS (
    SELECT * FROM unnest($1::int[], $2::int[], $3::int[], $4::float8[], $10::float8[])
        AS m (series_id, line, role, pause_s, interval_s)
), """

GAUGE_RAW = """point AS (
    SELECT line, s.series_id, ts AS t, value, value AS low, value AS high, 1::float8 AS weight
    FROM samples s JOIN member USING (series_id)
    WHERE s.series_id = ANY($1::int[]) AND ts >= $7 AND ts >= {from} AND ts < $6
)"""

GAUGE_ROLLUP = """point AS (
    SELECT line, s.series_id, bucket AS t, sum / count AS value, min AS low, max AS high, count::float8 AS weight
    FROM {table} s JOIN member USING (series_id)
    WHERE s.series_id = ANY($1::int[]) AND bucket >= $7 AND bucket >= {from} AND bucket < $6
)"""

# A counter that fell began again at 0, so what it shows is what it grew by.
GROWTH_RAW = """pair AS (
    SELECT series_id, ts AS t, value, lag(value) OVER w AS before,
           date_part('epoch', ts) - lag(date_part('epoch', ts)) OVER w AS seconds
    FROM samples
    WHERE series_id = ANY($1::int[]) AND ts >= $7 AND ts < $6
    WINDOW w AS (PARTITION BY series_id ORDER BY ts)
), growth AS (
    SELECT line, series_id, role, t, seconds, CASE WHEN value >= before THEN value - before ELSE value END AS grown
    FROM pair JOIN member USING (series_id)
    WHERE t >= {from} AND before IS NOT NULL AND seconds <= pause_s
)"""

# In a bucket without one shortly before it, the first of all or the first after a pause, what is known is the growth
# from its lowest sample to its last: not what the counter shows, most of which it may have counted long before.
GROWTH_ROLLUP = """pair AS (
    SELECT series_id, bucket AS t, last AS value, min, count, lag(last) OVER w AS before,
           date_part('epoch', bucket) - lag(date_part('epoch', bucket)) OVER w AS seconds
    FROM {table}
    WHERE series_id = ANY($1::int[]) AND bucket >= $7 AND bucket < $6
    WINDOW w AS (PARTITION BY series_id ORDER BY bucket)
), growth AS (
    SELECT line, series_id, role, t, seconds, CASE WHEN value >= before THEN value - before ELSE value END AS grown
    FROM pair JOIN member USING (series_id)
    WHERE t >= {from} AND before IS NOT NULL AND seconds <= pause_s
    UNION ALL
    SELECT line, series_id, role, t, least({width}, (count - 1) * interval_s), value - min
    FROM pair JOIN member USING (series_id)
    WHERE t >= {from} AND (before IS NULL OR seconds > pause_s) AND count > 1
)"""

RATES = """, point AS (
    SELECT line, series_id, t, grown / seconds AS value, grown / seconds AS low, grown / seconds AS high,
           seconds AS weight
    FROM growth
)"""

INCREASES = """, point AS (
    SELECT line, series_id, t, grown AS value, grown AS low, grown AS high, 1::float8 AS weight FROM growth
)"""

COMBINED = """, combined AS (
    SELECT line, t, {combine}(value) AS value, {combine}(low) AS low, {combine}(high) AS high, sum(weight) AS weight
    FROM {points} GROUP BY line, t
)"""

# The places are steps of the grid, or buckets since 1970.
STANDING = """, standing AS (
    SELECT line, stood AS place, value, low, high, weight
    FROM (
        SELECT line, place, value, low, high, weight, least(
                   lead(place) OVER (PARTITION BY line, series_id ORDER BY place) - 1,
                   place + floor({intervals} * interval_s / {unit})::int,
                   {last}
               ) AS until
        FROM per_series JOIN member USING (line, series_id)
    ) p CROSS JOIN LATERAL generate_series(greatest(place, {first}), until) AS stood
)"""

BUCKETS = """, per_series AS (
    SELECT line, series_id, (date_part('epoch', t) / {unit})::int AS place, value, low, high, weight FROM point
)"""

BUCKET_TIMES = """, bucket AS (
    SELECT line, to_timestamp(place::float8 * {unit}) AS t, value, low, high, weight FROM standing
)"""

RATIOS = """, combined AS (
    SELECT line, {time} AS t,
           coalesce(sum(grown) FILTER (WHERE role = 0), 0) / sum(grown) FILTER (WHERE role = 1) AS value,
           sum(grown) FILTER (WHERE role = 1) AS weight
    FROM growth GROUP BY 1, 2 HAVING sum(grown) FILTER (WHERE role = 1) > 0
)"""

SLOT = "floor((date_part('epoch', t) - $8::float8) / $9::float8)::int"

FIRST_STEP = "floor((date_part('epoch', $5::timestamptz) - $8::float8) / $9::float8)::int"
LAST_STEP = "(ceil((date_part('epoch', $6::timestamptz) - $8::float8) / $9::float8)::int - 1)"
FIRST_BUCKET = "floor(date_part('epoch', $5::timestamptz) / {unit})::int"
LAST_BUCKET = "(ceil(date_part('epoch', $6::timestamptz) / {unit})::int - 1)"

PER_SERIES = """, per_series AS (
    SELECT line, series_id, {slot} AS place, {agg} AS value, min(low) AS low, max(high) AS high, sum(weight) AS weight
    FROM point GROUP BY 1, 2, 3
)"""

COMBINED_STEPS = """, step AS (
    SELECT line, place AS slot, {combine}(value) AS value, {combine}(low) AS low, {combine}(high) AS high,
           sum(weight) AS weight
    FROM {points} GROUP BY 1, 2
)"""

STEPS = """, step AS (
    SELECT line, {slot} AS slot, {agg} AS value, min({low}) AS low, max({high}) AS high, sum(weight) AS weight
    FROM {points} GROUP BY 1, 2
)"""

RATIO_STEPS_RAW = """, step AS (
    SELECT line, t AS slot, value, value AS low, value AS high, weight FROM combined
)"""

ARRAYS = """
SELECT line, array_agg(slot) AS slots, array_agg(value) AS values, array_agg(low) AS lows, array_agg(high) AS highs,
       array_agg(weight) AS weights
FROM step GROUP BY line"""

# The way for the longest charts: one series a line, one bucket a step. Twice as fast as the general one.
WHOLE = """
SELECT m.line, f.slots, f.values, f.lows, f.highs, f.weights FROM (
    SELECT series_id, array_agg(floor((date_part('epoch', bucket) - $8::float8) / $9::float8)::int) AS slots,
           array_agg(sum / count) AS values, array_agg(min) AS lows, array_agg(max) AS highs,
           array_agg(count::float8) AS weights
    FROM {table} WHERE series_id = ANY($1::int[]) AND bucket >= $5 AND bucket < $6 GROUP BY series_id
) f JOIN unnest($1::int[], $2::int[], $3::int[], $4::float8[], $10::float8[])
    AS m (series_id, line, role, pause_s, interval_s) USING (series_id)
WHERE $7::timestamptz IS NOT NULL"""
AGGREGATED = {Aggregate.AVG: "sum / count", Aggregate.MIN: "min", Aggregate.MAX: "max", Aggregate.P95: "sum / count"}

TABLES = {Resolution.MINUTE: "samples_minute", Resolution.HOUR: "samples_hour"}
COMBINES = {Combine.MAX: "max", Combine.SUM: "sum", Combine.MEAN: "avg"}
P95 = "percentile_cont(0.95) WITHIN GROUP (ORDER BY value)"


@functools.lru_cache(maxsize=512)
def statement(reading: Reading) -> str:
    """The statement for ``reading``."""
    if reading.whole and reading.single and not grows(reading) and reading.resolution is not Resolution.RAW:
        aggregated = WHOLE.replace("array_agg(sum / count)", f"array_agg({AGGREGATED[reading.agg]})")
        return _fill(aggregated, table=TABLES[reading.resolution])
    if reading.shape is Shape.RATIO:
        return MEMBERS + _growth(reading) + _ratio(reading) + ARRAYS
    return MEMBERS + _points(reading) + _steps(reading) + ARRAYS


def grows(reading: Reading) -> bool:
    """Whether growth between samples is read, which needs the sample before the span."""
    return reading.shape is not Shape.VALUE or reading.counter


def _points(reading: Reading) -> str:
    if grows(reading):
        return _growth(reading) + (INCREASES if reading.shape is Shape.INCREASE else RATES)
    return _from_table(reading, GAUGE_RAW, GAUGE_ROLLUP)


def _growth(reading: Reading) -> str:
    return _from_table(reading, GROWTH_RAW, GROWTH_ROLLUP)


def _from_table(reading: Reading, raw: str, rollup: str) -> str:
    begin = {"from": LEADING_IN if reading.leads_in else FROM}
    if reading.resolution is Resolution.RAW:
        return _fill(raw, **begin)
    return _fill(rollup, table=TABLES[reading.resolution], width=str(WIDTH_S[reading.resolution]), **begin)


def _steps(reading: Reading) -> str:
    if reading.single:
        return _fill(STEPS, slot=SLOT, agg=_agg(reading), low="low", high="high", points="point")
    combine = COMBINES[reading.combine]
    if reading.resolution is Resolution.RAW:
        standing = _standing("$9::float8", FIRST_STEP, LAST_STEP) if reading.sparse else ""
        steps = _fill(COMBINED_STEPS, combine=combine, points="standing" if reading.sparse else "per_series")
        return _fill(PER_SERIES, slot=SLOT, agg=_agg(reading)) + standing + steps
    combined = _fill(COMBINED, combine=combine, points="bucket" if reading.sparse else "point")
    if reading.sparse:
        unit = f"{WIDTH_S[reading.resolution]}::float8"
        buckets, times = _fill(BUCKETS, unit=unit), _fill(BUCKET_TIMES, unit=unit)
        first, last = _fill(FIRST_BUCKET, unit=unit), _fill(LAST_BUCKET, unit=unit)
        combined = buckets + _standing(unit, first, last) + times + combined
    return combined + _fill(STEPS, slot=SLOT, agg=_agg(reading), low="low", high="high", points="combined")


def _standing(unit: str, first: str, last: str) -> str:
    return _fill(STANDING, unit=unit, first=first, last=last, intervals=str(CARRY_INTERVALS))


def _ratio(reading: Reading) -> str:
    """Single samples come at different instants for different series, so their ratio is that of whole steps."""
    if reading.resolution is Resolution.RAW:
        return _fill(RATIOS, time=SLOT) + RATIO_STEPS_RAW
    steps = _fill(STEPS, slot=SLOT, agg=_agg(reading), low="value", high="value", points="combined")
    return _fill(RATIOS, time="t") + steps


def _agg(reading: Reading) -> str:
    match reading.agg:
        case Aggregate.MIN:
            return "min(low)" if reading.shape is not Shape.RATIO else "min(value)"
        case Aggregate.MAX:
            return "max(high)" if reading.shape is not Shape.RATIO else "max(value)"
        case Aggregate.P95:
            return P95
        case Aggregate.AVG:
            return "sum(value)" if reading.shape is Shape.INCREASE else "sum(value * weight) / sum(weight)"


def _fill(template: str, **parts: str) -> str:
    for name, part in parts.items():
        template = template.replace(f"{{{name}}}", part)
    return template
