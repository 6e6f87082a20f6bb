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
