"""What a source is: its settings, its contract, and what it is given to work with."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from watchkeeper.collector.names import Names
from watchkeeper.collector.reading import Reading
from watchkeeper.collector.threads import Threads, ThreadsBusyError

S = TypeVar("S", bound="SourceSettings")


class SourceSettings(BaseModel):
    """What every source's block may say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval_default_s: ClassVar[float | None] = None
    """The source's own interval, where the collector's default would cost too much."""

    enabled: bool = Field(default=True, description="False switches this source off.")
    interval_s: float | None = Field(
        default=None,
        ge=1,
        le=86400,
        description="Seconds between two readings; unset: the source's or [defaults]' own.",
    )
    timeout_s: float | None = Field(
        default=None,
        gt=0,
        le=600,
        description="Seconds after which a reading counts as failed; unset: [defaults]' own.",
    )


class NamedSettings(SourceSettings):
    """What every probe's block may say: several blocks of one kind, told apart by their names."""

    name: str = Field(
        min_length=1, max_length=100, description="Tells the probes of one kind apart; becomes the label probe."
    )

    @field_validator("name")
    @classmethod
    def _printable(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError("must be printable")
        return name

    @model_validator(mode="after")
    def _within_interval(self) -> "NamedSettings":
        if self.interval_s is not None and self.timeout_s is not None and self.timeout_s > self.interval_s:
            raise ValueError("timeout_s must not be longer than interval_s")
        return self


@dataclass(frozen=True)
class Tools:
    """What the collector lends to its sources."""

    threads: Threads
    left_out: Callable[[str, int], None]
    """Count values that a source left out: reason, number."""

    names: Names


class Source(ABC, Generic[S]):
    """One thing that is read on an interval.

    Made once, read again and again, never two readings at a time. A reading that fails raises; it costs this source one
    reading and nobody else anything. A source that needs two readings for a value (a share of an interval) takes the
    first one when it is made if that cannot hang, and otherwise says ``needs_two``.
    """

    needs_two: ClassVar[bool] = False
    """Whether the first reading lacks values that compare with the one before."""

    keeps_deadline: ClassVar[bool] = False
    """Whether ``read`` itself ends within ``timeout_s``, since running out of time is one of its results."""

    def __init__(self, settings: S, tools: Tools) -> None:
        """Keep the settings, whose ``interval_s`` and ``timeout_s`` are set by now, and the tools."""
        self.settings = settings
        self.tools = tools

    @abstractmethod
    async def read(self) -> list[Reading]:
        """Return what is true now. Raises whatever went wrong; the collector reports it."""

    async def close(self) -> None:
        """Give back what is held; called once, at the end."""
        return


class QuickSource(Source[S]):
    """A source that asks nothing but the kernel's own memory, which takes no time worth a thread and cannot hang."""

    @abstractmethod
    def read_now(self) -> list[Reading]:
        """Return what is true now; must not touch a disk, a network or a device."""

    async def read(self) -> list[Reading]:
        """Return what ``read_now`` does."""
        return self.read_now()


class StillReadingError(RuntimeError):
    """The reading before this one hangs still, so that no other was begun."""


class BlockingSource(Source[S]):
    """A source whose reading is a plain blocking function; it runs in a thread and may hang there without harm."""

    def __init__(self, settings: S, tools: Tools) -> None:
        """Begin with no reading under way."""
        super().__init__(settings, tools)
        self._under_way = False

    @abstractmethod
    def read_now(self) -> list[Reading]:
        """Return what is true now, in a thread of its own."""

    async def read(self) -> list[Reading]:
        """Run ``read_now`` in a thread; raises ``StillReadingError`` while an abandoned one has not ended."""
        if self._under_way:
            raise StillReadingError("the reading before hangs still")
        self._under_way = True
        try:
            return await self.tools.threads.run(self._read_once)
        except ThreadsBusyError:
            self._under_way = False
            raise

    def _read_once(self) -> list[Reading]:
        try:
            return self.read_now()
        finally:
            self._under_way = False
