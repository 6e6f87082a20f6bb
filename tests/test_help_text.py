import re
import shlex
import subprocess
import sys

import pytest

from gridwright.configuration_files import configuration_files
from gridwright.errors import ConfigurationError
from gridwright.help_text import EXAMPLES, help_for, help_text
from gridwright.plugins import model_plugin_names


def test_help_names_what_is_installed():
    text = help_text()
    for name in ["iris", "diabetes", "mnist", "paper/iris", *model_plugin_names()]:
        assert f"\n  {name} " in text


def test_every_configuration_says_what_it_is():
    for line in help_text().splitlines():
        if line.startswith("  ") and not line.startswith("   "):
            assert len(line.split()) > 1, f"no description: {line}"


@pytest.mark.parametrize("line", EXAMPLES.splitlines())
def test_the_examples_work(line, tmp_path, monkeypatch, capsys):
    from gridwright.cli import run

    monkeypatch.chdir(tmp_path)
    _, *arguments = shlex.split(line.split("  ")[1])
    assert run([*arguments, "dry_run=true", "forecast=false"]) == 0
    said = {"one run": "1 trial of", "a grid of two": "2 trials of", "540 trials": "540 trials of"}
    (expected,) = (sentence for words, sentence in said.items() if words in line)
    assert expected in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (
            ["model=numpy-mlp", "--help"],
            [
                r"^model=numpy-mlp: The paper's multi-layer perceptron",
                r"^  eta +0\.01 +learning rate; above 0$",
                r"^  gridwright model=numpy-mlp 'model.hidden_layer=\[10,10,5\]'",
            ],
        ),
        (
            ["-h", "dataset=iris", "model=keras-cnn"],
            [
                r"^dataset=iris: 150 flowers: 4 measurements, 3 species$",
                r"^  validation_fraction +0\.2 +of the training part",
                r"^model=keras-cnn: ",
                r"^Presets \(model/architecture=\.\.\.\)$",
                r"^  cifar10_pooling +\w",
            ],
        ),
        (["-m", "experiment=paper/iris", "--help"], [r"^  gridwright -m experiment=paper/iris$"]),
        (
            ["model/architecture=cifar10_pooling", "--help"],
            [r"^model/architecture=cifar10_pooling"],
        ),
        (["model.eta=0.1", "--help"], [r"^Data sets \(dataset=\.\.\.\)$"]),
    ],
)
def test_help_about_a_choice(arguments, parts):
    text = help_for(arguments)
    for part in parts:
        assert re.search(part, text, re.MULTILINE), text


@pytest.mark.parametrize("name", model_plugin_names())
def test_every_parameter_of_a_model_is_explained(name):
    (settings,) = re.findall(
        r"^Settings.*?\n((?:  .*\n?)+)", help_for([f"model={name}", "--help"]), re.MULTILINE
    )
    for line in re.findall(r"^  \w.*$", settings, re.MULTILINE):
        assert len(line.split()) > 2, line


def test_help_about_what_is_not_installed():
    with pytest.raises(ConfigurationError, match="unknown model 'numpy-mpl': did you mean 'numpy-"):
        help_for(["model=numpy-mpl", "--help"])


def test_help_about_files_of_ones_own(tmp_path):
    folder = tmp_path / "dataset"
    folder.mkdir()
    (folder / "mine.yaml").write_text("# My own flowers\nname: iris\nlimit: 10  # of them\n")
    text = help_for(["--config-dir", str(tmp_path), "dataset=mine", "--help"])
    assert text.startswith("dataset=mine: My own flowers\n")
    assert re.search(r"^  limit +10 +of them$", text, re.MULTILINE)


def test_groups_inside_of_groups_are_no_choices_of_the_outer_one():
    names = [name for name, _ in configuration_files("model")]
    assert "sklearn/svm" in names
    assert not [name for name in names if name.startswith("architecture/")]
    assert "cifar10_pooling" in dict(configuration_files("model/architecture"))


def test_help_imports_neither_frameworks_nor_hydra():
    code = """
import sys
from gridwright.cli import main
try:
    main()
except SystemExit as end:
    assert end.code == 0
heavy = {"ray", "mlflow", "tensorflow", "keras", "numpy", "hydra", "sklearn"} & set(sys.modules)
print(sorted(heavy), file=sys.stderr)
"""
    for arguments in (["--help"], ["model=numpy-mlp", "--help"], ["-sc", "query=bash"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
        )
        assert done.stderr.strip() == "[]"
