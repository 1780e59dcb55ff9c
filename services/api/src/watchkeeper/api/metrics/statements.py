"""The SQL that reads a part of a span: samples to points, points to lines, lines to steps, steps to arrays.

All statements take the same arguments: ``$1`` series ids, ``$2`` their lines, ``$3`` their roles (0: what is read or
divided, 1: a ratio's divisor), ``$4`` the longest pause in seconds that a growth may span, ``$5`` and ``$6`` the span
(end excluded), ``$7`` where reading begins so that the first growth has something to grow from, ``$8`` and ``$9`` the
grid's start and step. They answer one row per line, with arrays: slots of the grid, values, lows, highs, weights.

Points are (line, series, role, time, value, low, high, weight): the value with its band, and how much it counts for in
a mean. A gauge's weight is its number of samples, a rate's its seconds, a ratio's its divisor.
"""

import functools
from dataclasses import dataclass

from watchkeeper.api.metrics.resolution import Aggregate, Resolution
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


MEMBERS = """
WITH member AS (
    SELECT * FROM unnest($1::int[], $2::int[], $3::int[], $4::float8[]) AS m (series_id, line, role, pause_s)
), """

GAUGE_RAW = """point AS (
    SELECT line, s.series_id, ts AS t, value, value AS low, value AS high, 1::float8 AS weight
    FROM samples s JOIN member USING (series_id)
    WHERE s.series_id = ANY($1::int[]) AND ts >= $5 AND ts < $6 AND $7::timestamptz IS NOT NULL
)"""

GAUGE_ROLLUP = """point AS (
    SELECT line, s.series_id, bucket AS t, sum / count AS value, min AS low, max AS high, count::float8 AS weight
    FROM {table} s JOIN member USING (series_id)
    WHERE s.series_id = ANY($1::int[]) AND bucket >= $5 AND bucket < $6 AND $7::timestamptz IS NOT NULL
)"""

# A counter that fell began again at 0, so what it shows is what it grew by.
GROWTH = """pair AS (
    SELECT series_id, {time} AS t, {value} AS value, lag({value}) OVER w AS before,
           date_part('epoch', {time}) - lag(date_part('epoch', {time})) OVER w AS seconds
    FROM {table}
    WHERE series_id = ANY($1::int[]) AND {time} >= $7 AND {time} < $6
    WINDOW w AS (PARTITION BY series_id ORDER BY {time})
), growth AS (
    SELECT line, series_id, role, t, seconds, CASE WHEN value >= before THEN value - before ELSE value END AS grown
    FROM pair JOIN member USING (series_id)
    WHERE t >= $5 AND before IS NOT NULL AND seconds <= pause_s
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
    FROM point GROUP BY line, t
)"""

RATIOS = """, combined AS (
    SELECT line, {time} AS t,
           coalesce(sum(grown) FILTER (WHERE role = 0), 0) / sum(grown) FILTER (WHERE role = 1) AS value,
           sum(grown) FILTER (WHERE role = 1) AS weight
    FROM growth GROUP BY 1, 2 HAVING sum(grown) FILTER (WHERE role = 1) > 0
)"""

SLOT = "floor((date_part('epoch', t) - $8::float8) / $9::float8)::int"

PER_SERIES = """, per_series AS (
    SELECT line, series_id, {slot} AS slot, {agg} AS value, min(low) AS low, max(high) AS high, sum(weight) AS weight
    FROM point GROUP BY 1, 2, 3
), step AS (
    SELECT line, slot, {combine}(value) AS value, {combine}(low) AS low, {combine}(high) AS high, sum(weight) AS weight
    FROM per_series GROUP BY 1, 2
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
) f JOIN unnest($1::int[], $2::int[], $3::int[], $4::float8[]) AS m (series_id, line, role, pause_s) USING (series_id)
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
        return MEMBERS + _growth(reading.resolution) + _ratio(reading) + ARRAYS
    return MEMBERS + _points(reading) + _steps(reading) + ARRAYS


def grows(reading: Reading) -> bool:
    """Whether growth between samples is read, which needs the sample before the span."""
    return reading.shape is not Shape.VALUE or reading.counter


def _points(reading: Reading) -> str:
    if grows(reading):
        return _growth(reading.resolution) + (INCREASES if reading.shape is Shape.INCREASE else RATES)
    if reading.resolution is Resolution.RAW:
        return GAUGE_RAW
    return _fill(GAUGE_ROLLUP, table=TABLES[reading.resolution])


def _growth(resolution: Resolution) -> str:
    if resolution is Resolution.RAW:
        return _fill(GROWTH, table="samples", time="ts", value="value")
    return _fill(GROWTH, table=TABLES[resolution], time="bucket", value="last")


def _steps(reading: Reading) -> str:
    if reading.single:
        return _fill(STEPS, slot=SLOT, agg=_agg(reading), low="low", high="high", points="point")
    combine = COMBINES[reading.combine]
    if reading.resolution is Resolution.RAW:
        return _fill(PER_SERIES, slot=SLOT, agg=_agg(reading), combine=combine)
    combined = _fill(COMBINED, combine=combine)
    return combined + _fill(STEPS, slot=SLOT, agg=_agg(reading), low="low", high="high", points="combined")


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
