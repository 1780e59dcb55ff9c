"""CSV that no spreadsheet runs, and that every reader reads back."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.api.export.cells import FORMULA_STARTS, guarded, line, text_cell


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
        ("shop;=1+1", "shop;'=1+1"),
        ("shop\t-1", "shop\t'-1"),
        ("shop; @x", "shop;' @x"),
        ('shop;"=1+1&"', '"shop;\'""=1+1&"""'),
        ("a\n=1", '"a\n\'=1"'),
        ("a\r\n+1", "\"a\r'\n'+1\""),
        ("a;;=1", "a;;'=1"),
        ("a;b=1", "a;b=1"),
        ("a,=1", '"a,=1"'),
    ],
)
def test_cells(text: str, cell: str) -> None:
    assert text_cell(text) == cell


TEXTS = st.lists(st.text() | st.text("ab =+-@;\t\r\n,\"'"), min_size=2, max_size=6)


@given(TEXTS)
def test_a_csv_reader_gets_the_texts_back_and_none_begins_like_a_formula(texts: list[str]) -> None:
    written = "".join(line(map(text_cell, texts)) for _ in range(2))
    assert written.endswith("\r\n")
    for row in csv.reader(io.StringIO(written, newline=""), strict=True):
        assert not any(cell.startswith(FORMULA_STARTS) for cell in row)
        assert row == [guarded(text) for text in texts]
        assert [cell.replace("'", "") for cell in row] == [text.replace("'", "") for text in texts]


@given(TEXTS, st.sampled_from(";\t"))
def test_no_cell_begins_like_a_formula_where_lines_are_split_elsewhere(texts: list[str], mark: str) -> None:
    written = line(["1", *map(text_cell, texts)])
    for row in re.split(r"[\r\n]", written):
        for cell in row.split(mark):
            assert not re.match(r"[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]", cell), written
