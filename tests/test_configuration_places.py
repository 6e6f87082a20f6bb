from gridwright.configuration_files import configuration_files
from gridwright.configuration_places import Places


def test_a_setting_is_found_where_the_command_line_chooses_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my" / "experiment"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("# first\nmodel:\n  net:\n    width: 3\nseed: 1\n")
    places = Places(["--config-dir", "my", "-m", "experiment=mine", "model.eta=1"])
    assert places.of("model.net.width") == "my/experiment/mine.yaml, line 4"
    assert places.of_cause("model.net: must not be") == "my/experiment/mine.yaml, line 3"
    assert places.of("seed") == "my/experiment/mine.yaml, line 5"
    assert places.of("model.eta") == "", "the command line shows it"
    assert places.of("rank_by") == ""


def test_a_setting_of_a_group_is_found_in_its_file():
    file = dict(configuration_files("model"))["numpy-mlp"]
    lines = file.read_text().splitlines()
    place = Places(["model=numpy-mlp"]).of("model.eta")
    path, _, number = place.partition(", line ")
    assert path.endswith("numpy-mlp.yaml")
    assert lines[int(number) - 1].startswith("eta: ")


def test_what_is_typed_as_a_whole_has_no_file():
    assert Places(["model=numpy-mlp", "+model={eta: 1}"]).of("model.eta") == ""
