"""No user and no password of an address is left in a text."""

import pytest

from gridwright.passwords import without_passwords


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("gridwright tracking.uri=http://me:x@host:5000/a seed=1",
         "gridwright tracking.uri=http://host:5000/a seed=1"),
        ("'postgresql://me:p%40ss@h/db'", "'postgresql://h/db'"),
        ('{"uri": "https://token@h"}', '{"uri": "https://h"}'),
        ("http://a:b@h and http://c:d@i", "http://h and http://i"),
        ("sqlite:////tmp/a@b.db", "sqlite:////tmp/a@b.db"),
        ("models:/iris@champion", "models:/iris@champion"),
        ("http://host/a@b", "http://host/a@b"),
    ],
)  # fmt: skip
def test_texts(text, public):
    assert without_passwords(text) == public
