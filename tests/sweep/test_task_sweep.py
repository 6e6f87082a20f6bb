"""`hydra/sweeper=ray_tune` in applications that are not ours, whose tasks return numbers."""

import copy
import subprocess
import sys

import pytest
from hydra import version
from hydra.core.singleton import Singleton
from hydra.test_utils.launcher_common_tests import LauncherTestSuite

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own

APPLICATION = """
import hydra
from hydra.core.hydra_config import HydraConfig

@hydra.main(config_path="conf", config_name="config", version_base="1.3")
def task(configuration):
    with open("jobs.txt", "a") as file:
        file.write(f"{HydraConfig.get().job.num} {configuration.x} {configuration.kind}\\n")
    if configuration.kind == "broken":
        raise ValueError("no such luck")
    loss = (configuration.x - 2) ** 2
    return {"number": loss, "list": [loss, 1], "dict": {"loss": loss}}[configuration.kind]

task()
"""


@pytest.fixture
def application(tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text(
        "defaults:\n  - _self_\n  - override hydra/sweeper: ray_tune\nx: 1\nkind: number\n"
        "hydra: {sweep: {dir: out}}\n"
    )
    (tmp_path / "app.py").write_text(APPLICATION)

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "app.py", "-m", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        jobs = tmp_path / "jobs.txt"
        lines = jobs.read_text().splitlines() if jobs.exists() else []
        return done, [line.split() for line in lines]

    return run


def test_a_grid_runs_in_hydras_own_folders(application, tmp_path):
    done, jobs = application("x=1,2,3", "kind=number,list,dict")
    assert done.returncode == 0, done.stderr
    assert sorted(jobs) == sorted(
        [str(3 * row + column), str(x), kind]
        for row, x in enumerate((1, 2, 3))
        for column, kind in enumerate(("number", "list", "dict"))
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *"012345678",
        "multirun.yaml",
    ]
    assert (tmp_path / "out/8/.hydra/overrides.yaml").read_text() == "- x=3\n- kind=dict\n"


def test_a_search_minimises_what_the_task_returns(application):
    done, jobs = application(
        "x=interval(-10, 10)", "hydra.sweeper.search=tpe", "hydra.sweeper.max_trials=25"
    )
    assert done.returncode == 0, done.stderr
    assert len(jobs) == 25
    values = [float(x) for _, x, _ in jobs]
    assert all(-10 <= x <= 10 for x in values)
    # Chance would be a mean distance of about 5.7.
    assert sum(abs(x - 2) for x in values[15:]) / 10 < 4


def test_what_a_job_raises_is_raised(application):
    done, jobs = application("kind=number,broken")
    assert done.returncode == 1
    assert "no such luck" in done.stderr
    assert len(jobs) == 2


def test_a_scheduler_needs_epochs(application):
    done, jobs = application("x=1,2", "hydra.sweeper.scheduler=asha")
    assert "scheduler=asha needs a task that reports its epochs" in done.stderr
    assert (done.returncode, jobs) == (1, [])


@pytest.fixture(scope="module")
def ready(cluster):
    cluster.ready()


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(("launcher_name", "overrides"), [("basic", ["hydra/sweeper=ray_tune"])])
class TestHydrasOwnSuite(LauncherTestSuite):
    """Hydra's suite for launchers, through this sweeper."""

    @pytest.fixture(autouse=True)
    def untouched_hydra(self):
        """Give each test Hydra as it is in a new process; our own command chooses its version."""
        state = copy.deepcopy(Singleton.get_state())
        version.setbase(str(version.__compat_version__))
        yield
        Singleton.set_state(state)
