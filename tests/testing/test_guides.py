"""plugins/README.md and plugins/DATASETS.md: their listings are the files that are tested."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Guide(NamedTuple):
    """A page, the folder of its example, and the one file of it that is empty."""

    page: str
    example: Path
    empty: str

    @property
    def text(self):
        return (ROOT / "plugins" / self.page).read_text()

    @property
    def listings(self):
        found = re.findall(
            r"^\*\*`(\S+)`\*\*\n\n```\w+\n(.*?)^```$", self.text, re.DOTALL | re.MULTILINE
        )
        return dict(found)


GUIDES = [
    Guide("README.md", ROOT / "tests/example_plugin", "src/linear_model/conf/__init__.py"),
    Guide("DATASETS.md", ROOT / "tests/example_dataset", "src/spirals/conf/__init__.py"),
]


@pytest.fixture(params=GUIDES, ids=lambda guide: guide.page)
def guide(request):
    return request.param


def test_a_guide_lists_five_files(guide):
    assert len(guide.listings) == 5


def test_its_listings_are_the_tested_files_word_for_word(guide):
    for path, listing in guide.listings.items():
        assert listing == (guide.example / path).read_text(), path


def test_its_example_has_no_file_that_it_does_not_name(guide):
    written = {
        path.relative_to(guide.example).as_posix()
        for path in guide.example.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert written == {*guide.listings, guide.empty}
    assert (guide.example / guide.empty).read_text() == ""
    assert guide.empty in guide.text
