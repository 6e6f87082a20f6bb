"""Where the files of the named sets are published, and the checksums that were published for them.

Sources of the checksums: of MNIST and Fashion-MNIST torchvision's `datasets/mnist.py`; of CIFAR-10
its authors' page (https://www.cs.toronto.edu/~kriz/cifar.html, "binary version"); of California
housing scikit-learn's `datasets/_california_housing.py`; those of Statlog were computed from
the published files.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One published file.

    Attributes:
        url: its public home.
        checksum: algorithm and hexadecimal digest, such as `md5:f68b...`.
        name: path in the data folder, and at a mirror.
    """

    url: str
    checksum: str
    name: str


def _idx_files(home: str, dataset: str, checksums: dict[str, str]) -> dict[str, RemoteFile]:
    return {
        part: RemoteFile(f"{home}/{file}", f"md5:{checksum}", f"downloads/{dataset}/{file}")
        for part, (file, checksum) in zip(
            ("x_train", "y_train", "x_test", "y_test"), checksums.items(), strict=True
        )
    }


MNIST = _idx_files(
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "mnist",
    {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    },
)
FASHION_MNIST = _idx_files(
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    "fashion_mnist",
    {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
)
#: The binary version: the one for Python is made of pickles, which are never read.
CIFAR10 = RemoteFile(
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "md5:c32a1d4ab5d03f1284b67883e8d87530",
    "downloads/cifar10/cifar-10-binary.tar.gz",
)
CALIFORNIA_HOUSING = RemoteFile(
    "https://ndownloader.figshare.com/files/5976036",
    "sha256:aaa5c9a6afe2225cc2aed2723682ae403280c4a3695a2ddda4ffb5d8215ea681",
    "california_housing/cal_housing.tgz",
)
_STATLOG_HOME = "https://archive.ics.uci.edu/ml/machine-learning-databases/statlog/satimage"
STATLOG = {
    "train": RemoteFile(
        f"{_STATLOG_HOME}/sat.trn",
        "sha256:e896dc88a960fa2404160fc4c3cb3dc53fcf4afd80ba920bf2d261bd42d12613",
        "statlog/sat.trn",
    ),
    "test": RemoteFile(
        f"{_STATLOG_HOME}/sat.tst",
        "sha256:4b9167b8a92baafafed7c8809aef86d0683a5e685c19d98d119fa6974f0f2479",
        "statlog/sat.tst",
    ),
}
