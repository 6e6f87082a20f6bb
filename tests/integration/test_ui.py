"""MLflow's UI and the HTML report in headless Chromium, after a sweep of networks on a table and one
of convolutional networks on pictures."""

import json
import os
import shutil

import pytest

pytestmark = pytest.mark.slow
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--window-size=1500,1300",
)  # fmt: skip
# MLflow's own UI asks for a user where it has no authentication.
EXPECTED = "mlflow/users/current"


@pytest.fixture(scope="module")
def sweeps(folder, data_folder):
    """What `make demo` runs, all 540 cells for fewer epochs, and two networks on pictures."""
    folder.run("-m", "experiment=paper/iris", "model.epoch=5", "forecast=false")
    # One worker: each starts TensorFlow.
    folder.run(
        "-m", "dataset=mnist", "model=keras-cnn", "model.epochs=1", "dataset.limit=300",
        "model.architecture.0.filters=4,8", "forecast=false", f"resources.cpus={min(2, os.cpu_count())}",
        GRIDWRIGHT_DATA=str(data_folder),
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def ui(sweeps, start_server):
    return start_server("ui", "--workers", "1", folder=sweeps.path)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        pytest.skip("needs Chromium (Debian: apt-get install chromium chromium-driver)")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def shows(browser, ui, tmp_path):
    """Return a function that opens a page, waits for texts in it, and keeps a picture of it."""
    from selenium.webdriver.support.ui import WebDriverWait

    def shows(page, *texts, script=None):
        browser.get("about:blank")  # the part after the # alone would not load anything
        browser.get(f"{ui.url}/#{page}")

        def there(driver):
            body = driver.execute_script("return document.body.innerText")
            return all(text in body for text in texts) and (
                script is None or driver.execute_script(script)
            )

        try:
            WebDriverWait(browser, 240).until(there)
        finally:
            browser.save_screenshot(str(tmp_path / "page.png"))

    yield shows
    errors = [
        entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"
    ]
    assert [error for error in errors if EXPECTED not in error] == []


def experiment(folder, name):
    """Return the experiment's id, its sweep's run and its finished trials."""
    client = folder.client
    found = client.get_experiment_by_name(name).experiment_id
    runs = client.search_runs([found], max_results=1000)
    (parent,) = [run for run in runs if "gridwright.trial_key" not in run.data.tags]
    trials = [run for run in runs if run is not parent and run.info.status == "FINISHED"]
    return found, parent, trials


@pytest.mark.parametrize("name", ["iris", "mnist"])
def test_the_list_shows_the_sweep_and_folds_its_trials(shows, sweeps, name):
    found, parent, _ = experiment(sweeps, name)
    shows(f"/experiments/{found}/runs", parent.info.run_name, "matching runs")


@pytest.mark.parametrize(
    ("name", "best"), [("iris", "best_test_score"), ("mnist", "best_validation_score")]
)
def test_the_sweeps_page_has_its_note(shows, sweeps, name, best):
    found, parent, _ = experiment(sweeps, name)
    shows(
        f"/experiments/{found}/runs/{parent.info.run_id}", parent.info.run_name, "best by",
        "report.html", best,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "figure"), [("iris", "best_curves"), ("mnist", "confusion"), ("mnist", "mistakes")]
)
def test_its_pictures_are_shown(shows, sweeps, name, figure):
    found, parent, _ = experiment(sweeps, name)
    shows(
        f"/experiments/{found}/runs/{parent.info.run_id}/artifacts/figures/{figure}.png",
        "leaderboard.csv", f"{figure}.png",
        script="return [...document.images].some(i => i.complete && i.naturalWidth > 500)",
    )  # fmt: skip


def test_its_leaderboard_is_a_table(shows, sweeps):
    found, parent, _ = experiment(sweeps, "iris")
    shows(
        f"/experiments/{found}/runs/{parent.info.run_id}/artifacts/leaderboard.json",
        "hidden_layer", "test_score",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "swept"), [("iris", "activation"), ("mnist", "architecture.0.filters")]
)
def test_trials_are_compared_by_parallel_coordinates(shows, sweeps, name, swept):
    found, _, trials = experiment(sweeps, name)
    trials = trials[:: len(trials) // 100 or 1]
    ids, experiments = (
        json.dumps(value, separators=(",", ":"))
        for value in ([run.info.run_id for run in trials], [found])
    )
    shows(
        f"/compare-runs?runs={ids}&experiments={experiments}",
        f"Comparing {len(trials)} Runs", "Parallel Coordinates Plot", swept, "val_score",
        script=f"""return [...document.querySelectorAll('.parcoords text.axis-title')]
            .some(e => e.textContent == {json.dumps(swept)})""",
    )  # fmt: skip


def test_curves_by_epoch(shows, sweeps):
    found, _, trials = experiment(sweeps, "iris")
    shows(
        f"/experiments/{found}/runs/{trials[0].info.run_id}/model-metrics", "loss", "score",
        script="return document.querySelectorAll('.js-line').length > 1",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["iris", "mnist"])
def test_the_models_page_has_the_champion(shows, sweeps, name):
    shows(f"/models/{name}/versions/1", "champion", "gridwright.data_digest", "gridwright.run")


@pytest.mark.parametrize("name", ["iris", "mnist"])
def test_the_report_opens_offline_on_a_phone(browser, sweeps, tmp_path, name):
    """No console error, no request, and nothing but tables and figures is wider than the phone."""
    _, parent, _ = experiment(sweeps, name)
    file = sweeps.client.download_artifacts(parent.info.run_id, "report.html", str(tmp_path))
    browser.get_log("browser")
    browser.execute_cdp_cmd(
        "Network.emulateNetworkConditions",
        {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0},
    )
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        browser.get(f"file://{file}")
        browser.save_screenshot(str(tmp_path / "report.png"))
        page = browser.execute_script(
            """return {
                wide: document.documentElement.scrollWidth, seen: window.innerWidth,
                broken: [...document.images].filter(i => !i.complete || !i.naturalWidth).length,
                pictures: document.images.length,
                shrunk: Math.min(...[...document.querySelectorAll('img[style]')]
                    .map(i => i.width / i.naturalWidth)),
                requests: performance.getEntriesByType('resource')
                    .filter(e => !e.name.startsWith('data:')).length,
                small: [...document.querySelectorAll('p, td, th')]
                    .filter(e => parseFloat(getComputedStyle(e).fontSize) < 12).length,
            }"""
        )
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )
    assert page["wide"] <= page["seen"] == 390
    assert page["pictures"] >= 4
    # Words of 9 points, smaller than this, are not readable.
    assert page["shrunk"] > 0.55
    assert page["broken"] == page["requests"] == page["small"] == 0
    assert browser.get_log("browser") == []
