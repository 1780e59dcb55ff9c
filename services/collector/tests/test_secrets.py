"""Secrets in files."""

from pathlib import Path

import pytest

from watchkeeper.collector.secrets import read_secret


def test_a_secret_is_its_file_without_the_line_end(tmp_path: Path) -> None:
    """Spaces belong to it."""
    (tmp_path / "s").write_text(" pass word \r\n")
    assert read_secret(tmp_path / "s") == " pass word "


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"two\nlines", "one printable line"),
        (b"\xff", "not UTF-8"),
        (b"x" * 70_000, "larger"),
    ],
)
def test_what_can_be_no_secret_names_the_file_and_not_the_content(tmp_path: Path, content: bytes, problem: str) -> None:
    """The message is fit for a log."""
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(ValueError, match=problem) as caught:
        read_secret(tmp_path / "s")
    assert str(tmp_path / "s") in str(caught.value)
    assert "lines" not in str(caught.value)
