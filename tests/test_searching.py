import pytest

from gridwright.cli import run


def test_a_dry_run_of_a_search_starts_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = (
        "-m experiment=paper/iris hydra.sweeper.search=tpe hydra.sweeper.max_trials=40 "
        "hydra.sweeper.scheduler=asha dry_run=true forecast=false"
    )
    assert run(command.split()) == 0
    out = capsys.readouterr().out
    assert out.startswith("A tpe with asha search of numpy-mlp on iris.\n")
    assert "The space has 540 cells.\nIt ends after 40 trials." in out
    assert out.endswith("Nothing was started and nothing was written (dry_run=true).\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dry", ["true", "false"])
def test_a_grid_of_an_interval_is_refused_before_anything_starts(
    tmp_path, monkeypatch, capsys, dry
):
    monkeypatch.chdir(tmp_path)
    interval = ["model.eta=interval(0.1,0.2)", "hydra.sweeper.max_trials=3", f"dry_run={dry}"]
    assert run(["-m", *interval]) == 2
    assert capsys.readouterr().err == (
        "gridwright: the interval of model.eta has no grid: list its values, or choose "
        "hydra.sweeper.search=random or tpe\n"
    )
    assert not list(tmp_path.iterdir())


def test_an_interval_for_whole_numbers_is_told_how_to_write_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    search = ["-m", "dataset=iris", "hydra.sweeper.search=random", "hydra.sweeper.max_trials=3"]
    search += ["model.epoch=5", "dry_run=true", "forecast=false"]
    fractions = ["model.batch_size=interval(8,64)", "model.eta=tag(log,interval(0.001,0.1))"]
    assert run([*search, *fractions]) == 2
    assert capsys.readouterr().err.endswith(
        "\nAn interval gives fractions. For whole numbers write "
        "model.batch_size=int(interval(8, 64)).\n"
    )
    assert run([*search, "model.batch_size=int(interval(8, 64))", fractions[1]]) == 0
    # What whole numbers would not mend is not blamed on fractions.
    assert run([*search, "model.eta=interval(-2,-1)"]) == 2
    assert "fractions" not in capsys.readouterr().err
    assert run([*search, "model.epoch=tag(log,interval(2,9.5))"]) == 2
    assert "write model.epoch=int(tag(log, interval(2, 9)))." in capsys.readouterr().err
    assert run([*search, "model.epoch=int(tag(log, interval(2, 9)))"]) == 0


def test_pairs_and_conditions_make_a_smaller_grid(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    grid = [
        "-m", "dataset=iris", "model.eta=0.1,0.01", "model.epoch=10,20", "model.mu=0,0.9",
        "hydra.sweeper.zip=[model.eta,model.epoch]", "dry_run=true", "forecast=false",
    ]  # fmt: skip
    skip = 'hydra.sweeper.skip_if="model.mu > 0.5 and model.eta == 0.1"'
    assert run([*grid, skip]) == 0
    out = capsys.readouterr().out
    assert out.startswith("3 trials of numpy-mlp on iris.\n")
    assert run([*grid, 'hydra.sweeper.skip_if="seed == 0"']) == 2
    assert "is true for each of the 4 cells: none is left" in capsys.readouterr().err
    assert run([*grid, "hydra.sweeper.zip=[model.eta]"]) == 2
    assert "hydra.sweeper.zip must list keys whose values go together" in capsys.readouterr().err
    assert run([*grid, "hydra.sweeper.max_trials=2"]) == 2
    assert "hydra.sweeper.zip is for the cells of a whole grid" in capsys.readouterr().err
