"""Named sets through the download code: from a server on loopback that serves the published formats.

The server can cut a connection, answer slowly, refuse for a while, or give another file.
"""

import errno
import gzip
import hashlib
import io
import multiprocessing
import subprocess
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from gridwright.datasets import downloads, load, split
from gridwright.datasets.remote_files import MNIST
from gridwright.errors import DatasetError

from .training import CONFIGS, score_of

CHANCE = np.random.default_rng(0)


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.astype(np.uint8).tobytes())


def pictures(n, *shape):
    return CHANCE.integers(0, 256, (n, *shape), dtype=np.uint8), np.arange(n, dtype=np.uint8) % 10


def tarred(folder, **members):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


TRAIN, TEST = pictures(100, 28, 28), pictures(40, 28, 28)
IDX = {
    "train-images-idx3-ubyte.gz": idx(TRAIN[0]),
    "train-labels-idx1-ubyte.gz": idx(TRAIN[1]),
    "t10k-images-idx3-ubyte.gz": idx(TEST[0]),
    "t10k-labels-idx1-ubyte.gz": idx(TEST[1]),
}
COLOUR = pictures(120, 32, 32, 3)


def cifar_batches():
    x, y = COLOUR
    planes = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
    records = np.column_stack([y, planes])
    names = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]
    parts = np.split(records, 6)
    return {name: part.tobytes() for name, part in zip(names, parts, strict=True)}


def statlog_rows(n):
    rows = CHANCE.integers(20, 160, (n, 36))
    return "".join(
        " ".join(map(str, [*row, (1, 2, 3, 4, 5, 7)[i % 6]])) + "\n"
        for i, row in enumerate(rows.tolist())
    ).encode()


def districts(n):
    table = CHANCE.uniform(1, 100, (n, 9))
    text = io.StringIO()
    np.savetxt(text, table, delimiter=",")
    return table, tarred("CaliforniaHousing", **{"cal_housing.data": text.getvalue().encode()})


HOUSING, HOUSING_FILE = districts(60)
FILES = {
    **{f"downloads/mnist/{name}": content for name, content in IDX.items()},
    **{f"downloads/fashion_mnist/{name}": content for name, content in IDX.items()},
    "downloads/cifar10/cifar-10-binary.tar.gz": tarred("cifar-10-batches-bin", **cifar_batches()),
    "statlog/sat.trn": statlog_rows(600),
    "statlog/sat.tst": statlog_rows(30),
    "california_housing/cal_housing.tgz": HOUSING_FILE,
}


class Mirror(ThreadingHTTPServer):
    """Serves `files`; `cuts` connections are cut half-way, `refusals` requests get a 503."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(FILES)
        self.sums = True
        self.cuts = self.refusals = 0
        self.delay = 0.0
        self.requests = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def content(self, path):
        if path == "SHA256SUMS" and self.sums:
            lines = (
                f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in FILES.items()
            )
            return "".join(lines).encode()
        return self.files.get(path)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, path = self.server, self.path[1:]
        content = server.content(path)
        if content is None:
            self.send_error(404)
            return
        if path != "SHA256SUMS":
            server.requests.append((path, self.headers.get("Range")))
            if server.refusals:
                server.refusals -= 1
                self.send_error(503)
                return
        start = int((self.headers.get("Range") or "bytes=0-")[6:].partition("-")[0])
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:]
        if path != "SHA256SUMS" and server.cuts:
            server.cuts -= 1
            body = body[: len(body) // 2]
        half = len(body) // 2
        self.wfile.write(body[:half])
        time.sleep(server.delay)
        self.wfile.write(body[half:])

    def log_message(self, *args):
        pass


@pytest.fixture
def mirror(data_folder, monkeypatch):
    server = Mirror()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("GRIDWRIGHT_MIRROR", server.url + "/")
    monkeypatch.setattr(downloads, "_FIRST_WAIT", 0.01)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def left(folder):
    """Return the files of a data folder, without locks."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in files if not name.endswith(".lock"))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_idx_files_become_the_npz_file_that_is_found_the_next_time(name, mirror, data_folder):
    dataset = load({"name": name})
    np.testing.assert_array_equal(dataset.x, TRAIN[0])
    np.testing.assert_array_equal(dataset.y_test, TEST[1])
    assert left(data_folder) == sorted(
        [f"{name}.npz", *(f"downloads/{name}/{file}" for file in IDX)]
    )
    count = len(mirror.requests)
    assert load({"name": name}).digest == dataset.digest
    assert len(mirror.requests) == count == 4


def test_the_binary_cifar10_is_read(mirror):
    dataset = load({"name": "cifar10"})
    np.testing.assert_array_equal(dataset.x, COLOUR[0][:100])
    np.testing.assert_array_equal(dataset.x_test, COLOUR[0][100:])
    np.testing.assert_array_equal(dataset.y, COLOUR[1][:100])


def test_statlog_is_fetched(mirror, data_folder):
    dataset = load({"name": "statlog"})
    assert (dataset.x.shape, dataset.x_test.shape) == ((600, 36), (30, 36))
    assert left(data_folder) == ["statlog/sat.trn", "statlog/sat.tst"]


def test_california_housing_has_the_columns_of_scikit_learn(mirror):
    dataset = load({"name": "california_housing"})
    longitude, latitude, age, rooms, bedrooms, people, households, income, value = HOUSING.T
    assert dataset.feature_names[:3] == ("MedInc", "HouseAge", "AveRooms")
    expected = [
        income,
        age,
        rooms / households,
        bedrooms / households,
        people,
        people / households,
        latitude,
        longitude,
    ]
    np.testing.assert_allclose(dataset.x, np.column_stack(expected))
    np.testing.assert_allclose(dataset.y, value / 100_000)
    config = {"name": "california_housing", "test_fraction": 0.2, "validation_fraction": 0.2}
    assert split(dataset, config, "validation").description.task == "regression"


def test_a_connection_that_is_cut_goes_on_where_it_was(mirror):
    mirror.cuts = 2
    load({"name": "statlog"})
    wanted = [start for path, start in mirror.requests if path.endswith("trn")]
    assert wanted[0] is None
    starts = [int(start.removeprefix("bytes=").removesuffix("-")) for start in wanted[1:]]
    assert 0 < starts[0] < starts[1] < len(FILES["statlog/sat.trn"])


def test_a_download_of_a_process_that_died_goes_on(mirror, data_folder):
    content = FILES["statlog/sat.trn"]
    (data_folder / "statlog").mkdir()
    (data_folder / "statlog" / "sat.trn.part").write_bytes(content[:1000])
    load({"name": "statlog"})
    assert mirror.requests[0] == ("statlog/sat.trn", "bytes=1000-")
    assert (data_folder / "statlog" / "sat.trn").read_bytes() == content
    assert left(data_folder) == ["statlog/sat.trn", "statlog/sat.tst"]


def test_a_server_that_refuses_for_a_while_and_is_slow(mirror):
    mirror.refusals, mirror.delay = 2, 0.2
    assert len(load({"name": "statlog"}).x) == 600


def test_a_connection_that_is_always_cut(mirror, data_folder):
    mirror.cuts = 99
    with pytest.raises(DatasetError) as caught:
        load({"name": "statlog"})
    assert str(caught.value) == (
        f"data set 'statlog' needs the file statlog/sat.trn, which is not in the data folder "
        f"{data_folder}, and {mirror.url}/statlog/sat.trn does not give it (the connection was cut 4 "
        "times): put it there, or set GRIDWRIGHT_DATA to the folder that holds it"
    )
    assert left(data_folder) == ["statlog/sat.trn.part"]


def test_a_server_that_does_not_answer(mirror, data_folder, monkeypatch):
    monkeypatch.setattr(downloads, "_TIMEOUT", 0.1)
    mirror.delay = 0.5
    with pytest.raises(DatasetError, match=r"does not give it \(no (answer within|connection)"):
        load({"name": "california_housing"})


def test_a_checksum_that_does_not_match(mirror, data_folder):
    mirror.files["downloads/mnist/t10k-labels-idx1-ubyte.gz"] = idx(TEST[1][::-1].copy())
    with pytest.raises(DatasetError) as caught:
        load({"name": "mnist"})
    digest = hashlib.sha256(IDX["t10k-labels-idx1-ubyte.gz"]).hexdigest()
    assert str(caught.value) == (
        f"{mirror.url}/downloads/mnist/t10k-labels-idx1-ubyte.gz gives a file that is not the "
        f"published one: its checksum is not sha256:{digest}; nothing was kept, so try again later, "
        f"or put the file into the data folder {data_folder} as "
        "downloads/mnist/t10k-labels-idx1-ubyte.gz"
    )
    assert left(data_folder) == [
        f"downloads/mnist/{name}" for name in sorted(IDX) if "t10k-l" not in name
    ]


def test_a_mirror_that_vouches_for_nothing_is_held_to_the_published_checksums(mirror):
    mirror.sums = False
    with pytest.raises(DatasetError, match=f"its checksum is not {MNIST['x_train'].checksum};"):
        load({"name": "mnist"})


def test_a_file_that_the_server_has_not(mirror, data_folder):
    del mirror.files["downloads/cifar10/cifar-10-binary.tar.gz"]
    with pytest.raises(DatasetError) as caught:
        load({"name": "cifar10"})
    assert str(caught.value) == (
        f"data set 'cifar10' needs the file cifar10.npz, which is not in the data folder {data_folder}, "
        f"and {mirror.url}/downloads/cifar10/cifar-10-binary.tar.gz does not give it (it answers 404 "
        "Not Found): put it there, or set GRIDWRIGHT_DATA to the folder that holds it"
    )
    assert left(data_folder) == []


def test_no_network(data_folder):
    with pytest.raises(DatasetError) as caught:
        load({"name": "mnist"})
    assert str(caught.value) == (
        f"data set 'mnist' needs the file mnist.npz, which is not in the data folder {data_folder}, and "
        "http://127.0.0.1:9/downloads/mnist/train-images-idx3-ubyte.gz does not give it (no "
        "connection; is there a network?): put it there, or set GRIDWRIGHT_DATA to the folder that "
        "holds it"
    )


def test_no_space_left(mirror, data_folder, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(downloads, "_continue", full)
    with pytest.raises(DatasetError) as caught:
        load({"name": "statlog"})
    path = data_folder / "statlog" / "sat.trn"
    assert str(caught.value) == (
        f"there is no space left for {path}: free some, or set GRIDWRIGHT_DATA to a folder with more"
    )


def test_no_space_left_for_the_npz_file_leaves_none(mirror, data_folder, monkeypatch):
    def full(file, **_arrays):
        file.write(b"PK")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(DatasetError, match=r"^there is no space left for .*mnist\.npz: free some"):
        load({"name": "mnist"})
    assert all("npz" not in name for name in left(data_folder))


def test_a_folder_that_cannot_be_written(mirror, data_folder):
    (data_folder / "statlog").touch()
    with pytest.raises(
        DatasetError, match=r"sat\.trn cannot be written \(File exists\): set GRIDWRIGHT"
    ):
        load({"name": "statlog"})


def _load_statlog(queue):
    queue.put(len(load({"name": "statlog"}).x))


def test_two_processes_fetch_each_file_once(mirror):
    mirror.delay = 0.3
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [context.Process(target=_load_statlog, args=(queue,)) for _ in range(2)]
    for process in processes:
        process.start()
    assert [queue.get(timeout=120) for _ in processes] == [600, 600]
    for process in processes:
        process.join()
    assert sorted(path for path, _ in mirror.requests) == ["statlog/sat.trn", "statlog/sat.tst"]
    queue.close()
    queue.join_thread()


def test_a_damaged_archive_is_named(data_folder):
    path = data_folder / "california_housing" / "cal_housing.tgz"
    path.parent.mkdir()
    path.write_bytes(HOUSING_FILE[:200])
    with pytest.raises(
        DatasetError, match=r"cal_housing\.tgz is cut short or damaged .* remove it"
    ):
        load({"name": "california_housing"})


def test_every_named_set_trains_through_the_download_code_and_then_without_a_network(
    mirror, data_folder, monkeypatch
):
    mirror.cuts, mirror.refusals, mirror.delay = 2, 1, 0.05
    scores = {name: score_of(name) for name in CONFIGS}
    assert mirror.cuts == mirror.refusals == 0
    assert len(mirror.requests) > len(FILES)
    # What was fetched is the prepared folder of a machine that has no network at all.
    without = ["unshare", "--map-root-user", "--net"]
    if subprocess.run([*without, "true"], check=False, capture_output=True).returncode:
        pytest.skip("cannot cut the network of a process here: that half was not tried")
    monkeypatch.delenv("GRIDWRIGHT_MIRROR")
    program = Path(__file__).with_name("training.py")
    offline = subprocess.run(
        [*without, sys.executable, program, *CONFIGS], check=False, capture_output=True, text=True
    )
    assert offline.returncode == 0, offline.stderr
    assert offline.stdout.splitlines() == [f"{name} {score}" for name, score in scores.items()]
