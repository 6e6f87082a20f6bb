"""The Kubernetes manifests: against Kubernetes' schemas, against the compose file, and as a whole."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docker" / "kubernetes"
SERVICES = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text("utf-8"))["services"]
MANIFESTS = {
    f"{path.stem}: {one['kind']} {one['metadata'].get('name', '')}": one
    for path in sorted(FOLDER.glob("*.yaml"))
    for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))
}
RAY_SCHEMA = json.loads((Path(__file__).parent / "raycluster.schema.json").read_text())
#: The oldest and the newest Kubernetes that the manifests are held against.
VERSIONS = ("1.30", "1.37")


def validate(manifest, version):
    """Hold a manifest, and the pod templates of a RayCluster, against the strict schemas."""
    if manifest["kind"] != "RayCluster":
        kubernetes_validate.validate(manifest, version, strict=True)
        return
    jsonschema.validate(manifest, RAY_SCHEMA)
    for group in ray_groups(manifest):
        template = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "ray"}}
        validate({**template, "template": group["template"]}, version)


def ray_groups(manifest):
    return [manifest["spec"]["headGroupSpec"], *manifest["spec"]["workerGroupSpecs"]]


def of_kind(kind):
    return [one for one in MANIFESTS.values() if one["kind"] == kind]


def named(kind, name):
    (found,) = [one for one in of_kind(kind) if one["metadata"].get("name", "") == name]
    return found


def pods():
    """Return name -> pod specification of everything that runs."""
    (cluster,) = of_kind("RayCluster")
    head, worker = ray_groups(cluster)
    found = {"ray-head": head["template"]["spec"]}
    found["ray-worker"] = worker["template"]["spec"]
    for one in [*of_kind("Deployment"), *of_kind("StatefulSet"), *of_kind("Job")]:
        name = one["metadata"].get("name") or one["metadata"]["generateName"].rstrip("-")
        found[name] = one["spec"]["template"]["spec"]
    return found


def container(name):
    (only,) = pods()[name]["containers"]
    return only


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS)
def test_it_keeps_the_schema(manifest, version):
    validate(MANIFESTS[manifest], version)


@pytest.mark.parametrize("name", ["tracking", "champion"])
def test_the_schema_would_notice_a_mistake(name):
    wrong = copy.deepcopy(named("Deployment", name))
    wrong["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(wrong, VERSIONS[-1])


def test_the_ray_schema_would_notice_a_mistake():
    (cluster,) = of_kind("RayCluster")
    wrong = copy.deepcopy(cluster)
    wrong["spec"]["headGroupSpec"]["rayStartParams"]["num-cpus"] = 0  # must be text
    with pytest.raises(jsonschema.ValidationError):
        validate(wrong, VERSIONS[-1])
    wrong = copy.deepcopy(cluster)
    wrong["spec"]["workerGroupSpecs"][0]["template"]["spec"]["container"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(wrong, VERSIONS[-1])


def test_everything_of_the_compose_file_runs_here_from_the_same_image():
    assert set(pods()) == set(SERVICES)
    for name, service in SERVICES.items():
        assert container(name)["image"] == service["image"], name


def there(word):
    """Write a word of the compose file as it is here, where KubeRay names the head's service."""
    return word.replace("ray-head:6379", "ray-head-svc:6379")


@pytest.mark.parametrize("name", ["tracking", "sweep", "champion"])
def test_the_commands_are_those_of_the_compose_file(name):
    service = SERVICES[name]
    assert container(name)["command"] == [there(word) for word in service["entrypoint"]]
    assert container(name)["args"] == [there(word) for word in service["command"]]


@pytest.mark.parametrize("name", SERVICES)
def test_the_environment_is_that_of_the_compose_file(name):
    given = {one["name"]: one["value"] for one in container(name).get("env", ())}
    given.pop("PGDATA", None)  # a volume's own folder holds lost+found
    assert given == SERVICES[name].get("environment", {})


def test_ray_starts_as_in_the_compose_file():
    (cluster,) = of_kind("RayCluster")
    head, worker = ray_groups(cluster)
    for name, group in {"ray-head": head, "ray-worker": worker}.items():
        words = [word for word in SERVICES[name]["command"] if word.startswith("--")]
        asked = dict(word[2:].partition("=")[::2] for word in words)
        for key in ("head", "block", "port", "address"):
            asked.pop(key, None)  # KubeRay's own business
        assert group["rayStartParams"] == {key: value or "true" for key, value in asked.items()}
    assert worker["replicas"] == SERVICES["ray-worker"]["deploy"]["replicas"]
    pinned = (ROOT / "constraints.txt").read_text()
    assert f"\nray=={cluster['spec']['rayVersion']}\n" in pinned


@pytest.mark.parametrize("name", SERVICES)
def test_a_pod_gets_its_secrets_as_files_and_no_others(name):
    secrets = [volume["secret"] for volume in pods()[name]["volumes"] if "secret" in volume]
    (secret,) = secrets
    assert secret["secretName"] == "gridwright"
    keys = {item["key"] for item in secret["items"]}
    assert keys == {item["path"] for item in secret["items"]}
    assert keys == set(SERVICES[name]["secrets"])
    (mount,) = [one for one in container(name)["volumeMounts"] if one["name"] == "secrets"]
    assert (mount["mountPath"], mount["readOnly"]) == ("/run/secrets", True)


@pytest.mark.parametrize("name", SERVICES)
def test_a_pod_can_do_little(name):
    pod, only = pods()[name], container(name)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    allowed = only["securityContext"]
    assert allowed["allowPrivilegeEscalation"] is False
    assert allowed["capabilities"] == {"drop": ["ALL"]}
    assert allowed.get("readOnlyRootFilesystem") is (None if name == "database" else True)
    assert only["resources"]["limits"]["memory"]
    mounted = {mount["name"] for mount in only["volumeMounts"]}
    claimed = {"data"} if name == "database" else set()
    assert mounted == {volume["name"] for volume in pod["volumes"]} | claimed


def test_what_is_spoken_to_has_a_service_and_may_be():
    services = {one["metadata"]["name"]: one for one in of_kind("Service")}
    spoken = re.compile(r"\b(database|tracking|champion):(\d+)")
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy")}
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    asked = 0
    for name in pods():
        only = container(name)
        words = [*only.get("command", ()), *only.get("args", ())]
        words += [one["value"] for one in only.get("env", ())]
        for other, port in {pair for word in words for pair in spoken.findall(word)}:
            assert services[other]["spec"]["ports"][0]["port"] == int(port)
            if other == name:
                continue
            asked += 1
            (rule,) = policies[other]["ingress"]
            who = [one["podSelector"]["matchLabels"]["app"] for one in rule["from"]]
            assert name in who, (name, other)
    assert asked == 3  # tracking -> database, sweep -> tracking, champion -> tracking


def test_selectors_find_their_pods():
    for one in [*of_kind("Deployment"), *of_kind("StatefulSet")]:
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"] == labels
        service = named("Service", one["metadata"]["name"])
        assert service["spec"]["selector"] == labels


def test_the_server_of_users_is_set_up_as_in_the_compose_file():
    theirs = (ROOT / "docker" / "tracking-auth.ini").read_text()
    settings = [line for line in theirs.splitlines() if line and not line.startswith(";")]
    assert named("ConfigMap", "tracking-auth")["data"]["tracking-auth.ini"].splitlines() == settings
