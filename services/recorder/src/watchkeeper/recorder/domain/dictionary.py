"""The series that are known, by resource: a bounded memory of the database's dictionary.

Only ids of committed rows are ever kept, so a transaction that is rolled back leaves nothing to take back. Series ids
never change, so an entry cannot become wrong; the least recently used resources are forgotten first.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

REFUSED_KEPT_MAX = 10_000
"""Refused series told apart per resource; further ones are counted among the refused samples only."""


@dataclass
class Known:
    """What is known of one resource."""

    ids: dict[str, int] = field(default_factory=dict)
    """Canonical series text → series id."""
    active: int | None = None
    """Series that count towards the limit: as the database said, plus those added since. None before the first look."""
    looked_ms: int = 0
    """When the database said so."""
    described: tuple[object, ...] | None = None
    """The resource's row as last written, without its time."""
    newest_ms: dict[str, int] = field(default_factory=dict)
    """For each source, the time of its newest stored batch."""
    intervals: dict[str, float] = field(default_factory=dict)
    """For each source, seconds between its batches."""
    refused: set[int] = field(default_factory=set)
    """Hashes of refused series texts."""


class Dictionary:
    """Series text → id, by resource, least recently used resources forgotten beyond ``series_max`` series."""

    def __init__(self, series_max: int) -> None:
        """Begin empty."""
        self._series_max = series_max
        self._resources: OrderedDict[str, Known] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        """How many series are kept."""
        return self._count

    def of(self, resource_id: str) -> Known:
        """What is known of ``resource_id``; an empty entry for an unknown one."""
        known = self._resources.get(resource_id)
        if known is None:
            known = self._resources[resource_id] = Known()
        else:
            self._resources.move_to_end(resource_id)
        return known

    def learn(self, ids: Iterable[tuple[str, str, int]]) -> None:
        """Keep committed (resource id, series text, series id) rows."""
        for resource_id, text, series_id in ids:
            known = self.of(resource_id)
            self._count += text not in known.ids
            known.ids[text] = series_id

    def trim(self) -> None:
        """Forget the least recently used resources until the bound holds; called between batches."""
        while self._resources and (self._count > self._series_max or len(self._resources) > self._series_max):
            _, known = self._resources.popitem(last=False)
            self._count -= len(known.ids)

    def clear(self) -> None:
        """Forget everything: the database may be another one."""
        self._resources.clear()
        self._count = 0


def may_add(known: Known, series_max: int) -> bool:
    """Whether a resource may have one more series."""
    return known.active is not None and known.active < series_max


def unseen_refused(known: Known, texts: Iterable[str]) -> list[str]:
    """Those of ``texts`` that were not refused before, as far as that is told apart."""
    unseen = [text for text in dict.fromkeys(texts) if hash(text) not in known.refused]
    return unseen[: REFUSED_KEPT_MAX - len(known.refused)]


def note_refused(known: Known, text: str) -> bool:
    """Remember a refused series; answers whether it was not refused before."""
    key = hash(text)
    if key in known.refused or len(known.refused) >= REFUSED_KEPT_MAX:
        return False
    known.refused.add(key)
    return True
