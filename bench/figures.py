"""How a benchmark tells what it measured: one JSON line a figure, and last the machine."""

import json
import math
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Budget:
    """A bound that a figure is to keep: ``most`` for times and sizes, ``least`` for rates."""

    bound: float
    side: Literal["most", "least"]

    def holds(self, value: float) -> bool:
        """Whether ``value`` is within the budget."""
        return value <= self.bound if self.side == "most" else value >= self.bound


def most(bound: float) -> Budget:
    """A budget that a figure must not exceed."""
    return Budget(bound, "most")


def least(bound: float) -> Budget:
    """A budget that a figure must reach."""
    return Budget(bound, "least")


def say(bench: str, figure: str, value: float, unit: str, budget: Budget | None = None) -> None:
    """Print one figure; without a ``budget`` it is told for information, and ``within`` is null."""
    line = {
        "bench": bench,
        "figure": figure,
        "value": float(f"{value:.6g}"),
        "unit": unit,
        "budget": None if budget is None else budget.bound,
        "within": None if budget is None else budget.holds(value),
    }
    print(json.dumps(line), flush=True)


def say_machine() -> None:
    """Print what this machine is; ends every benchmark's output."""
    print(json.dumps({"machine": _machine()}), flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile (``share`` from 0 to 1) of ``values``, which must not be empty."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]


def _machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        "load_1m": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
