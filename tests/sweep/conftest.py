from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import MISSING, OmegaConf, open_dict

HERE = Path(__file__).parent


class Level(Enum):
    low = 1
    high = 2


@dataclass
class Typed:
    needed: int = MISSING
    level: Level = Level.low
    rate: float = 0.5


class Composer:
    """Hydra with one of the configurations of this folder, as a sweeper gets it."""

    def __init__(self, config_name: str, overrides: tuple[str, ...] = ()) -> None:
        self.loader = GlobalHydra.instance().hydra.config_loader
        self.master = self.loader.load_configuration(
            config_name, ["hydra/sweeper=ray_tune", *overrides], RunMode.MULTIRUN
        )

    def by_hydra(self, overrides: tuple[str, ...]) -> dict[str, Any]:
        """Compose one cell as Hydra does, resolved, without its own node."""
        config = self.loader.load_sweep_config(self.master, list(overrides))
        with open_dict(config):
            del config["hydra"]
        return OmegaConf.to_container(config, resolve=True, enum_to_str=True)


@pytest.fixture
def composer():
    ConfigStore.instance().store(name="schema", node={"typed": Typed})
    OmegaConf.register_new_resolver("twice", lambda number: 2 * number, replace=True)
    with initialize_config_dir(str(HERE / "conf"), version_base="1.3"):
        yield Composer


@pytest.fixture(scope="module")
def cluster():
    """Ray on this machine, for the tests of one file: a process holds one Ray at a time."""
    from gridwright.sweep import Cluster

    with Cluster() as running:
        yield running


class Occupant:
    def is_there(self):
        return True


@pytest.fixture
def occupant():
    """Return a function from a number of CPUs to an actor that has them; the caller kills it."""
    import ray

    def take(cpus):
        actor = ray.remote(num_cpus=cpus)(Occupant).remote()
        ray.get(actor.is_there.remote())
        return actor

    return take
