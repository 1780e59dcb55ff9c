"""The metrics that a Prometheus endpoint exposes, by the names that it gives them, and the block's name as job."""

from collections.abc import Iterable
from math import isfinite

from pydantic import Field

from watchkeeper.collector.exposition import ACCEPT, OPENMETRICS, Exposed, Labelled, parse
from watchkeeper.collector.patterns import Pattern, whole_match
from watchkeeper.collector.probing.dialling import ProbeError
from watchkeeper.collector.probing.http import Answer, get
from watchkeeper.collector.probing.http_settings import HttpSettings, make_request
from watchkeeper.collector.probing.stopwatch import Stopwatch
from watchkeeper.collector.reading import Reading
from watchkeeper.collector.source import Source, Tools


class Settings(HttpSettings):
    """Block [[sources.prometheus]]; its name becomes the label job."""

    include: Pattern = Field(default=".*", description="Metrics taken (a regular expression for the whole name).")
    exclude: Pattern = Field(
        default=r"python_gc_.*|python_info|go_gc_.*|go_memstats_.*|go_sched_.*",
        description="Metrics left out of those (a regular expression for the whole name).",
    )
    samples_max: int = Field(
        default=10_000, ge=1, le=200_000, description="Samples of one scrape; one with more fails as a whole."
    )
    body_bytes_max: int = Field(
        default=8 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024, description="Bytes of one scrape; one with more fails."
    )


def readings(exposed: Iterable[Exposed], job: str) -> tuple[list[Reading], int]:
    """Return the finite samples with the label job, and how many were left out for being NaN or infinite.

    A label job that the endpoint itself exposes becomes exported_job, as Prometheus does it.
    """
    found, left_out = [], 0
    for sample in exposed:
        if not isfinite(sample.value):
            left_out += 1
            continue
        name, labels = sample.series
        if "job" in labels:
            labels = {**labels, "exported_job": labels["job"]}
        found.append(Reading(name, sample.value, sample.unit, sample.kind, {**labels, "job": job}))
    return found, left_out


def text_of(answer: Answer) -> tuple[str, bool]:
    """Return the text that was exposed, and whether it is OpenMetrics; raises ``ProbeError`` for anything else."""
    if answer.status != 200:
        raise ProbeError(f"status {answer.status}")
    if not answer.whole:
        raise ProbeError(f"more than {len(answer.body)} bytes")
    try:
        text = answer.body.decode()
    except UnicodeDecodeError as error:
        raise ProbeError(f"not UTF-8: {error.reason} at byte {error.start}") from error
    return text, answer.headers.get("content-type", "").startswith(OPENMETRICS)


class Prometheus(Source[Settings]):
    """One endpoint. A scrape that fails costs all its samples: half a scrape would look like vanished series."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        """Compile what is taken."""
        super().__init__(settings, tools)
        self._include, self._exclude = whole_match(settings.include), whole_match(settings.exclude)
        self._taken: dict[str, bool] = {}
        self._known: dict[str, Labelled] = {}

    async def read(self) -> list[Reading]:
        """Scrape once. Raises ``ProbeError``, ``ExpositionError``, or what the network raises."""
        settings = self.settings
        request = await make_request(settings, self.tools.threads, settings.body_bytes_max, [("Accept", ACCEPT)])
        answer = await get(request, self.tools.names, Stopwatch())
        text, openmetrics = text_of(answer)
        if len(self._known) > 2 * settings.samples_max:
            self._known.clear()
            self._taken.clear()
        taken = []
        for sample in parse(text, self._known, openmetrics=openmetrics):
            if self._takes(sample.series.name):
                taken.append(sample)
                if len(taken) > settings.samples_max:
                    raise ProbeError(f"more than {settings.samples_max} samples")
        found, left_out = readings(taken, settings.name)
        if left_out:
            self.tools.left_out("not_finite", left_out)
        return found

    def _takes(self, name: str) -> bool:
        known = self._taken.get(name)
        if known is None:
            known = bool(self._include.fullmatch(name)) and not self._exclude.fullmatch(name)
            self._taken[name] = known
        return known


def open_source(settings: Settings, tools: Tools) -> Prometheus:
    """Return one endpoint."""
    return Prometheus(settings, tools)
