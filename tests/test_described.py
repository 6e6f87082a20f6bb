from pathlib import Path

from gridwright.described import Setting, described

TEXT = """\
# gridwright model=net
# gridwright -m model=net model.rate=1,2
# A net. It has layers.
# More of it is said here, which no list shows.
defaults:
  - _self_

name: net
# a remark about what follows
rate: 0.1  # how fast; above 0,
           # and not too much
words: "a # b"  # kept whole
layers:
  - {units: 3}  # one of them
path: null
"""


def test_a_file_is_read_as_a_person_reads_it(tmp_path):
    file = Path(tmp_path / "net.yaml")
    file.write_text(TEXT)
    found = described(file)
    assert found.summary == "A net"
    assert found.commands == ["gridwright model=net", "gridwright -m model=net model.rate=1,2"]
    assert found.settings[0] == Setting("rate", "0.1", "how fast; above 0, and not too much")
    assert found.settings[2:] == [Setting("layers", "...", ""), Setting("path", "null", "")]


def test_a_file_without_comments(tmp_path):
    file = Path(tmp_path / "net.yaml")
    file.write_text("rate: 1\n")
    assert described(file).summary == ""
    assert described(file).settings == [Setting("rate", "1", "")]
