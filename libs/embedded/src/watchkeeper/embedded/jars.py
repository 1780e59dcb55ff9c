"""Kafka's jars, fetched once from Maven by jgo and kept in the tools' folder."""

import os
from pathlib import Path

from watchkeeper.embedded import places
from watchkeeper.embedded.claim import claim
from watchkeeper.embedded.engine import EngineError

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"  # without it Kafka logs nothing


def are_there() -> bool:
    """Whether the jars were fetched already."""
    return _read(_known()) is not None


def classpath() -> str:
    """Kafka's class path. The first call fetches about 45 MB; raises ``EngineError`` where that fails."""
    folder, known = places.tools() / "jars", _known()
    with claim(folder / "lock", wait=True):
        found = _read(known)
        if found is None:
            try:
                found = _fetch(folder)
            except (OSError, RuntimeError, ValueError) as error:  # what requests and jgo raise
                raise EngineError(f"kafka could not be fetched: {error}") from error
            part = known.with_suffix(".part")
            part.write_text("\n".join(found))
            part.replace(known)
    return os.pathsep.join(found)


def _known() -> Path:
    return places.tools() / "jars" / f"{KAFKA.replace(':', '_')}.classpath"


def _read(known: Path) -> list[str] | None:
    """The jars listed in ``known``, if all are there still."""
    if not known.is_file():
        return None
    jars = known.read_text().splitlines()
    return jars if jars and all(Path(jar).is_file() for jar in jars) else None


def _fetch(folder: Path) -> list[str]:
    os.environ["M2_REPO"] = str(folder / "m2")  # jgo.build has an argument for its own folder, not for Maven's
    import jgo  # noqa: PLC0415 - slow to import, needed once
    from jgo.config import GlobalSettings  # noqa: PLC0415 - the same

    # Repositories of the user's own jgo settings count, a mirror of Maven's central one among them.
    repositories = dict(GlobalSettings.load().repositories)
    kafka = jgo.build(KAFKA, cache_dir=folder / "jgo", repositories=repositories)
    # Built by itself, and only its own jar taken: its parent pins other versions of what Kafka needs.
    logging = jgo.build(LOGGING, cache_dir=folder / "jgo", repositories=repositories)
    own = [jar for jar in logging.all_jars if jar.name.startswith("log4j-slf4j-impl")]
    return sorted(str(jar) for jar in [*kafka.all_jars, *own])
