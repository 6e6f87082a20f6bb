"""What DESIGN promises never to do, held by tests; import-linter holds the rest."""

import ast
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    path
    for folder in (
        "platform",
        "plugins/numpy-mlp/src",
        "plugins/keras-cnn/src",
        "plugins/sklearn/src",
        "conf",
    )
    for path in (ROOT / folder).rglob("*.py")
)


def test_platform_is_a_folder_and_does_not_shadow_the_standard_library():
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert Path(platform.__file__).parent == Path(sysconfig.get_path("stdlib"))
    here = subprocess.run(
        [sys.executable, "-c", "import platform; print(platform.system())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert here.stdout.strip() == platform.system()


def test_import_contracts_hold():
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_reads_pickles(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in {"allow_pickle", "safe_mode"}:
            safe = node.arg == "safe_mode"
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is safe, f"{path}:{node.value.lineno}"


def test_the_command_and_the_plugins_import_nothing_heavy():
    code = """
import sys
import gridwright.cli, gridwright.contract, gridwright.plugins
import numpy_mlp.plugin, keras_cnn.plugin, gridwright_sklearn.plugin
heavy = {"numpy", "sklearn", "scipy", "pandas", "ray", "mlflow", "tensorflow", "keras", "hydra"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_hydra_shells_import_nothing_heavy():
    # Hydra's plugin scan imports them in every Hydra application on the machine.
    code = """
import sys, pkgutil, importlib
import hydra_plugins.gridwright as shells
for module in pkgutil.iter_modules(shells.__path__):
    importlib.import_module(f"hydra_plugins.gridwright.{module.name}")
heavy = {"numpy", "sklearn", "scipy", "pandas", "ray", "mlflow", "tensorflow", "keras"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
