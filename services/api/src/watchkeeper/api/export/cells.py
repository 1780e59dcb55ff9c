"""Cells of CSV that no spreadsheet takes for a formula. Pure.

RFC 4180: cells apart by commas, lines by CRLF, a cell with a comma, quote or line break in quotes, quotes doubled. A
text that begins with =, +, -, @, tab or a line break would run as a formula in a spreadsheet (OWASP, "CSV Injection");
it gets a leading apostrophe, which spreadsheets show as plain text. Numbers stay numbers, negative ones too.

Where a decimal is written with a comma, spreadsheets split lines at semicolons, and others at tabs. Then our quotes
stand within a cell and mean nothing, so line breaks split as well. A formula that would begin after such a mark, spaces
and quotes between left aside, gets its apostrophe right after the mark: ``shop;=1+1`` becomes ``shop;'=1+1``.
"""

import re
from collections.abc import Iterable

CRLF = "\r\n"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The ASCII characters and their full-width forms, which some spreadsheets read alike."""
_AFTER_A_SPLIT = re.compile(r"([;\t\r\n])(?=[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20])")


def text_cell(text: str) -> str:
    """``text`` as a cell: made harmless, quoted where it must be."""
    text = guarded(text)
    if any(mark in text for mark in ',"\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def guarded(text: str) -> str:
    """``text`` with an apostrophe wherever a formula would begin, at its start or after a mark that may split it."""
    text = _AFTER_A_SPLIT.sub(r"\1'", text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def line(cells: Iterable[str]) -> str:
    """A line of finished cells."""
    return ",".join(cells) + CRLF
