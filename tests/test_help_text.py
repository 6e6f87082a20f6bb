import subprocess
import sys

from gridwright.help_text import help_text
from gridwright.plugins import model_plugin_names


def test_help_names_what_is_installed():
    text = help_text()
    for name in ["iris", "diabetes", "mnist", "paper/iris", *model_plugin_names()]:
        assert f"\n  {name} " in text


def test_every_configuration_says_what_it_is():
    for line in help_text().splitlines():
        if line.startswith("  ") and not line.startswith("   "):
            assert len(line.split()) > 1, f"no description: {line}"


def test_help_imports_neither_frameworks_nor_hydra():
    code = """
import sys
sys.argv = ["gridwright", "--help"]
from gridwright.cli import main
try:
    main()
except SystemExit as end:
    assert end.code == 0
heavy = {"ray", "mlflow", "tensorflow", "keras", "numpy", "hydra"} & set(sys.modules)
print(sorted(heavy), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "numpy-mlp" in done.stdout
