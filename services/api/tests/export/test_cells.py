"""CSV that no spreadsheet runs, and that every reader reads back."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.api.export.cells import FORMULA_STARTS, line, text_cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("plain", "plain"),
        ("", ""),
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", '"\'\rx"'),
        ('=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'),
        ("a,b", '"a,b"'),
        ('a"b', '"a""b"'),
        ("a\r\nb", '"a\r\nb"'),
        (" a", '" a"'),
        ('disk{device="=1"}', '"disk{device=""=1""}"'),
        ("a=b", "a=b"),
        ("\uff1d1", "'\uff1d1"),
    ],
)
def test_cells(text: str, cell: str) -> None:
    assert text_cell(text) == cell


@given(st.lists(st.text(), min_size=2, max_size=6))
def test_a_csv_reader_gets_the_texts_back_and_none_begins_like_a_formula(texts: list[str]) -> None:
    written = "".join(line(map(text_cell, texts)) for _ in range(2))
    assert written.endswith("\r\n")
    for row in csv.reader(io.StringIO(written, newline=""), strict=True):
        assert not any(cell.startswith(FORMULA_STARTS) for cell in row)
        assert [
            cell[1:] if text.startswith(FORMULA_STARTS) else cell for cell, text in zip(row, texts, strict=True)
        ] == texts
