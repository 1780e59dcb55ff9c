"""Regular expressions as settings: checked when the settings are read, compiled where they are used."""

import re
from typing import Annotated

from pydantic import AfterValidator


def _compiles(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return text


Pattern = Annotated[str, AfterValidator(_compiles)]
"""The text of a regular expression of Python's ``re``."""


def whole_match(pattern: str) -> re.Pattern[str]:
    """Compile ``pattern`` for ``fullmatch``; the empty one matches no name, so it means "leave nothing out"."""
    return re.compile(pattern or r"(?!)")
