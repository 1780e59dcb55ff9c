"""What the pages name is there: files, links, commands; and decisions stay short."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "docs/decisions/*.md", "deploy/*.md", "changes/README.md")
    for path in ROOT.glob(pattern)
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
TOPS = ("libs/", "services/", "docs/", "deploy/", "tests/", ".ci/", "bench/", "changes/")


def name(path: Path) -> str:
    """A page's name in the tests' output."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_named_by_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {
        word for word in re.findall(r"`([^`\s]+)`", text) if word.startswith(TOPS) and not re.search(r"[*<…]", word)
    }
    assert not {word for word in named if not (ROOT / word).exists() and word != "deploy/secrets"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_named_by_a_page_exist(page: Path) -> None:
    told = set(re.findall(r"\./wk ([a-z]+)", page.read_text(encoding="utf-8")))
    done = subprocess.run(
        [sys.executable, "-m", "watchkeeper.embedded", "help"], capture_output=True, text=True, timeout=60, check=True
    )
    known = set(re.findall(r"^    ([a-z]+) ", done.stdout, re.MULTILINE))
    assert {"up", "test"} <= known
    assert told <= known


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_a_decision_is_short_and_says_where_it_stands_and_what_holds_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 50
    for part in ("**Chosen.**", "**Why.**", "**What it costs.**", "**Where.**", "**Held by.**"):
        assert part in text
    assert f"({page.name})" in (page.parent / "README.md").read_text(encoding="utf-8")


def test_the_readme_names_every_page_for_its_reader() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in (
        "docs/architecture.md",
        "docs/configuration.md",
        "deploy/README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ):
        assert f"({page})" in text


def test_the_commit_hook_runs_what_ci_runs() -> None:
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in configuration["repos"]] == ["local"]
    assert [hook["entry"] for hook in configuration["repos"][0]["hooks"]] == ["./wk check"]
    assert "./wk check" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_notes_of_changes_make_a_changelog() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("towncrier")), "build", "--draft", "--version", "9.9.9"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    notes = [path for path in (ROOT / "changes").glob("*.md") if path.name != "README.md"]
    for note in notes:
        assert note.read_text(encoding="utf-8").split()[0] in done.stdout
