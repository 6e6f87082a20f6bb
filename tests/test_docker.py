"""No container engine runs in the tests: what the files say is held against what they speak of."""

import re
from pathlib import Path

import yaml

from gridwright.configuration_files import configuration_files

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
SERVICES = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))[
    "services"
]


def test_everything_that_is_copied_is_there():
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    assert {"pyproject.toml", "constraints.txt", "conf", "platform", "plugins"} <= set(copied)
    for name in copied:
        assert (ROOT / name).exists(), name


def test_every_distribution_is_installed():
    for project in (ROOT / "plugins").glob("*/pyproject.toml"):
        assert f"./plugins/{project.parent.name}" in DOCKERFILE


def test_the_user_has_no_privileges():
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["gridwright"]


def test_servers_are_published_on_the_loopback_address_only():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_sweep_is_an_experiment_that_is_there():
    *_, argument = SERVICES["sweep"]["command"]
    names = [name for name, _ in configuration_files("experiment")]
    assert argument.removeprefix("experiment=") in names
