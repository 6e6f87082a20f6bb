"""The compose file: against its schema, and against what we promise of it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gridwright.configuration_files import configuration_files

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker" / "compose.yaml"
COMPOSE = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = [name for name in SERVICES if name != "database"]


def against_the_schema(path):
    tool = [Path(sys.executable).parent / "check-jsonschema", "--builtin-schema"]
    return subprocess.run(
        [*tool, "vendor.compose-spec", path], capture_output=True, text=True, check=False
    )


def test_it_keeps_the_schema_of_compose_files():
    done = against_the_schema(FILE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_schema_would_notice_a_mistake(tmp_path):
    bad = tmp_path / "compose.yaml"
    bad.write_text(FILE.read_text().replace("depends_on:", "depend_on:"))
    assert against_the_schema(bad).returncode == 1


def test_every_reference_leads_somewhere():
    stages = re.findall(r" AS (\S+)$", (ROOT / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        assert set(service["networks"]) <= set(COMPOSE["networks"]), name
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"]), name
        assert name == "database" or service["build"]["target"] in stages
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source.startswith("..") or source in COMPOSE["volumes"], name
    for config in COMPOSE["configs"].values():
        assert (FILE.parent / config["file"]).is_file()


def test_who_speaks_to_another_service_shares_a_network_with_it():
    spoken = re.compile(r"\b(database|tracking|ray-head):\d+")
    for name, service in SERVICES.items():
        words = [*service.get("entrypoint", ()), *service.get("command", ())]
        words += map(str, service.get("environment", {}).values())
        for other in {match for word in words for match in spoken.findall(word)} - {name}:
            assert set(service["networks"]) & set(SERVICES[other]["networks"]), (name, other)


def test_servers_are_published_on_the_loopback_address_only():
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports == ["127.0.0.1:5000:5000", "127.0.0.1:8080:8080"]


def test_the_database_and_ray_are_out_of_reach():
    inside = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
    for name in ("database", "ray-head", "ray-worker"):
        assert set(SERVICES[name]["networks"]) <= inside


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_do_little(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


def test_secrets_are_files_and_every_one_is_made(tmp_path):
    subprocess.run([ROOT / "docker" / "make-secrets", tmp_path / "secrets"], check=True)
    made = {path.name for path in (tmp_path / "secrets").iterdir()}
    assert {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()} == made
    for name, service in SERVICES.items():
        words = [*service.get("entrypoint", ()), *service.get("command", ())]
        words += [f"{key}={value}" for key, value in service.get("environment", {}).items()]
        for word in words:
            if re.search(r"PASSWORD|SECRET|TOKEN", word):
                value = word.partition("=")[2]
                assert value == "token" or value.removeprefix("/run/secrets/") in made, (name, word)
    ignored = subprocess.run(
        ["git", "check-ignore", "docker/secrets/ray_token"],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    if ignored.returncode == 128:
        pytest.skip("needs a git checkout to tell what is ignored")
    assert ignored.returncode == 0


def test_services_that_stay_say_how_they_are():
    for name in ("database", "tracking", "ray-head", "champion"):
        assert SERVICES[name]["restart"] == "unless-stopped"
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES["ray-worker"]["deploy"]["replicas"] == 2
    assert "container_name" not in SERVICES["ray-worker"]  # which could not be scaled


def test_the_sweep_is_an_experiment_that_is_there():
    (argument,) = SERVICES["sweep"]["command"]
    names = [name for name, _ in configuration_files("experiment")]
    assert argument.removeprefix("experiment=") in names
