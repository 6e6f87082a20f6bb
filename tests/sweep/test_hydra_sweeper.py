"""`hydra/sweeper=ray_tune` in applications that are not ours."""

import subprocess
import sys

APPLICATION = """
import hydra

class Task:
    def __call__(self, configuration):
        raise AssertionError("a sweep has no single run")

    def sweep(self, cells, configuration):
        for cell in cells:
            print(cell.index, cell.config["a"], " ".join(cell.overrides))

hydra.main(config_path="conf", config_name="config", version_base="1.3")({task})()
"""


def run(folder, task, *arguments):
    (folder / "conf" / "experiment").mkdir(parents=True)
    (folder / "conf" / "config.yaml").write_text("a: 1\n")
    (folder / "conf" / "experiment" / "grid.yaml").write_text(
        "# @package _global_\n"
        "defaults:\n  - override /hydra/sweeper: ray_tune\n"
        "hydra:\n  sweeper:\n    params:\n      a: 5,6\n"
    )
    (folder / "app.py").write_text(APPLICATION.replace("{task}", task))
    return subprocess.run(
        [sys.executable, "app.py", "-m", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_task_gets_all_cells_composed(tmp_path):
    done = run(tmp_path, "Task()", "hydra/sweeper=ray_tune", "a=2,3")
    assert done.stdout == "0 2 a=2\n1 3 a=3\n", done.stderr


def test_an_experiment_may_choose_the_sweeper_and_its_grid(tmp_path):
    # hydra#2946: a sweeper that an experiment file chooses
    done = run(tmp_path, "Task()", "+experiment=grid")
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["5", "6"], done.stderr
