"""A table and a folder of pictures of the user's own: one command to train, one to serve."""

import base64
import json
import urllib.error
import urllib.request

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

COLOURS = ("grün", "rot", "dark blue")


@pytest.fixture(scope="module")
def table(folder):
    """A UTF-16 file with semicolons, decimal commas, gaps, a date, and a boolean target."""
    rows = ["größe;farbe;gekauft;im Dienst"]
    for i in range(60):
        size = "" if i % 9 == 4 else f"{i / 4}".replace(".", ",")
        colour = "NA" if i % 11 == 5 else COLOURS[i % 3]
        rows.append(
            f"{size};{colour};{1 + i % 28:02d}.{1 + i % 12:02d}.2023;{'true' if i > 29 else 'false'}"
        )
    (folder.path / "my cars.csv").write_bytes("\n".join(rows).encode("utf-16"))
    return folder.run(
        "-m", "dataset=table", "dataset.path='my cars.csv'", "dataset.target='im Dienst'",
        "dataset.folds=3", "model=numpy-mlp", "model.epoch=20", "forecast=false",
    )  # fmt: skip


def test_what_was_decided_is_said(table):
    out, _ = table
    for line in (
        "read with decimal commas; dataset.decimal=. sets points",
        "task: classification of 'im Dienst' into 2 classes (it is true or false; dataset.task=",
        "features: 1 number, 1 category, 1 date; gaps in 2 ('größe', 'farbe')",
        "mlflow models serve -m models:/my_cars@champion --env-manager local",
    ):
        assert line in out


def test_the_score_is_the_mean_over_folds_and_its_spread_is_kept(folder, table):
    _, (trial,) = folder.runs()
    metrics = trial.data.metrics
    scores = [metrics[f"fold_{number}_score"] for number in (1, 2, 3)]
    assert metrics["validation_score"] == pytest.approx(np.mean(scores))
    assert metrics["validation_score_std"] == pytest.approx(np.std(scores, ddof=1))


def test_the_run_holds_the_data_it_was_trained_on(folder, table):
    _, (trial,) = folder.runs()
    (used,) = trial.inputs.dataset_inputs
    profile = json.loads(used.dataset.profile)
    assert len(profile["sha256"]) == 64
    assert profile["sha256"] == trial.data.tags["gridwright.data_digest"]
    assert (profile["num_train"], profile["num_test"]) == (48, 12)
    assert profile["classes"] == {"False": 24, "True": 24}
    assert json.loads(used.dataset.source)["uri"] == str(folder.path / "my cars.csv")


def test_the_champion_is_served_in_the_columns_of_the_file(folder, table, start_server):
    server = start_server(
        "models", "serve", "-m", "models:/my_cars@champion", "--env-manager", "local",
        folder=folder.path, MLFLOW_TRACKING_URI=folder.uri,
    )  # fmt: skip

    def ask(*records):
        body = json.dumps({"dataframe_records": records}).encode()
        request = urllib.request.Request(
            f"{server.url}/invocations", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)["predictions"]
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)["message"]

    row = {"größe": 14.5, "farbe": "rot", "gekauft": "03.11.2023"}
    status, labels = ask(row, row | {"farbe": "violett"}, row | {"größe": None, "farbe": None})
    assert (status, len(labels), {type(label) for label in labels}) == (200, 3, {bool})
    status, message = ask(row | {"gekauft": None})
    assert (status, message) == (
        400,
        "every value must be text, but column 'gekauft' holds null in row 0 (counted from 0)",
    )
    status, message = ask(row | {"gekauft": "2023-11-03"})
    assert status == 400
    assert message == (
        "every value must be a date written as %d.%m.%Y, but column 'gekauft' holds "
        "2023-11-03 in row 0 (counted from 0)"
    )


def test_a_bad_table_is_one_sentence(folder, table):
    (folder.path / "bad.csv").write_text("a,b,a\n1,2,3\n")
    _, err = folder.run("dataset=table", "dataset.path=bad.csv", "dataset.target=b", status=2)
    assert err == (
        "gridwright: bad.csv names column 1 and column 3 'a' (counted from 1): every column needs a "
        "name of its own\n"
    )


def test_a_folder_of_pictures_larger_than_memory(new_folder, scoring_app, monkeypatch, tmp_path):
    folder = new_folder
    cache = tmp_path / "cache"
    little = {"GRIDWRIGHT_DATA": str(cache), "GRIDWRIGHT_DATA_MEMORY": "0.000001"}
    chance = np.random.default_rng(0)
    for brightness, name in ((60, "cats"), (190, "dogs")):
        for i in range(10):
            path = folder.path / "pets" / ("test" if i > 7 else "train") / name / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.clip(chance.normal(brightness, 20, (8, 9, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).convert("P" if i % 2 else "RGB").save(path)
    pets = ("dataset=images", "dataset.path=pets", "dataset.size=[6,5]")
    _, err = folder.run(*pets, "model=numpy-mlp", status=2, **little)
    assert err == (
        "gridwright: pets takes 3.6 kB of memory to be read and divided, and 1 kB are allowed by "
        "GRIDWRIGHT_DATA_MEMORY=0.000001: set a smaller dataset.size, use a model that reads it in "
        "pieces (model=keras-cnn), or use a machine with more\n"
    )
    assert not cache.exists()
    layers = "model.architecture=[{layer: Conv2D, filters: 2, kernel_size: 3},Flatten]"
    out, _ = folder.run(*pets, "model=keras-cnn", layers, "model.epochs=2", **little)
    for line in (
        "pictures: 16 train, 4 test; 6 x 5 pixels, colour; task: classification into 2 classes",
        f"the samples do not fit into memory: they are kept in {cache / 'streamed'}, and models",
    ):
        assert line in out
    assert "mlflow models serve -m models:/pets@champion" in out
    _, (trial,) = folder.runs()
    assert trial.data.params["dataset"] == "pets"
    listed = folder.client.list_artifacts(trial.info.run_id, "preview")
    assert [file.path for file in listed] == ["preview/pets.json", "preview/pets.png"]
    # The champion takes the files themselves, which it resizes, and pixels.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", folder.uri)
    app = scoring_app("models:/pets@champion")
    files = [folder.path / "pets" / "test" / name for name in ("cats/8.png", "dogs/9.png")]
    resized = [
        Image.open(file).convert("RGB").resize((6, 5), Image.Resampling.BILINEAR) for file in files
    ]
    answers = [
        app.ask(inputs=inputs, params={"output": "probabilities"})
        for inputs in (
            [base64.b64encode(file.read_bytes()).decode() for file in files],
            [np.asarray(picture).tolist() for picture in resized],
        )
    ]
    assert answers[0] == answers[1]
    status, answer = answers[0]
    assert (status, len(answer["predictions"])) == (200, 2), answer
