"""Cells of CSV that no spreadsheet takes for a formula. Pure.

RFC 4180: cells apart by commas, lines by CRLF, a cell with a comma, quote or line break in quotes, quotes doubled. A
text that begins with =, +, -, @, tab or a line break would run as a formula in a spreadsheet (OWASP, "CSV Injection");
it gets a leading apostrophe, which spreadsheets show as plain text. Numbers stay numbers, negative ones too.
"""

from collections.abc import Iterable

CRLF = "\r\n"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The ASCII characters and their full-width forms, which some spreadsheets read alike."""


def text_cell(text: str) -> str:
    """``text`` as a cell: made harmless, quoted where it must be."""
    if text.startswith(FORMULA_STARTS):
        text = f"'{text}"
    if any(mark in text for mark in ',"\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def line(cells: Iterable[str]) -> str:
    """A line of finished cells."""
    return ",".join(cells) + CRLF
