"""Secrets stand in files of their own, never in a log, a label or an error."""

from pathlib import Path

SECRET_BYTES_MAX = 64 * 1024


def read_secret(path: Path) -> str:
    """Return the file's text without the line end; raises ``OSError``, or ``ValueError`` for what can be no secret."""
    with path.open("rb") as file:
        data = file.read(SECRET_BYTES_MAX + 1)
    if len(data) > SECRET_BYTES_MAX:
        raise ValueError(f"{path}: larger than {SECRET_BYTES_MAX} bytes")
    try:
        text = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not UTF-8") from None
    if not text or not text.isprintable():
        raise ValueError(f"{path}: empty, or not one printable line")
    return text
