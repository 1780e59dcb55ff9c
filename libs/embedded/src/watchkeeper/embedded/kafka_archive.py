"""Kafka's classes, loaded and checked once and kept, so that every later start takes half the time.

The JVM calls it class data sharing (JEP 310, JEP 350): one run lists the classes that it loads, another writes them to
an archive, and later runs map that file. It fits one JVM and one class path; without it Kafka starts all the same.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from watchkeeper.embedded import jars
from watchkeeper.embedded.claim import claim
from watchkeeper.embedded.engine import running
from watchkeeper.embedded.kafka import Kafka, archive_file, java

DUMP_S = 120.0


def is_there() -> bool:
    """Whether the archive was made, or found impossible to make, already. Only once the jars are there."""
    return archive_file(jars.classpath()).is_file()


def make() -> None:
    """Make the archive unless it is there, by a Kafka in a temporary folder. Several may ask at once.

    Where the JVM cannot, an empty file says so, and nobody tries again. Raises ``EngineError`` if Kafka does not start.
    """
    path = jars.classpath()
    target = archive_file(path)
    with claim(target.parent / "archive.lock", wait=True):
        if target.is_file():
            return
        for outdated in target.parent.glob("*.jsa"):
            outdated.unlink()
        for cut_short in target.parent.glob("making-*"):
            shutil.rmtree(cut_short)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="making-") as name:
            listed, part = Path(name) / "classes", Path(name) / "archive"
            with running(Kafka(Path(name) / "kafka", options=(f"-XX:DumpLoadedClassList={listed}",))):
                pass
            part.touch()
            _dump(path, listed, part)
            part.replace(target)


def _dump(path: str, listed: Path, part: Path) -> None:
    options = ["-Xshare:dump", "-XX:+UseSerialGC", f"-XX:SharedClassListFile={listed}", f"-XX:SharedArchiveFile={part}"]
    try:
        subprocess.run([str(java()), *options, "-cp", path], capture_output=True, timeout=DUMP_S, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        part.write_bytes(b"")
