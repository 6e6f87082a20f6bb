"""What all tests share: one thread of BLAS in each process that runs tests.

`make test` runs two such processes, on machines of two cores too: where each had a thread for every
core, they would spend their time waiting for one another. OpenBLAS reads the number when it is
loaded, and may heed no later one once a second thread of the process has used it.
"""

import os
from importlib import import_module

VARIABLE = "OPENBLAS_NUM_THREADS"

before = os.environ.get(VARIABLE)
os.environ[VARIABLE] = before or "1"
for library in ("numpy", "scipy.linalg"):  # each brings an OpenBLAS of its own
    import_module(library)

# What the tests start decides for itself.
if before is None:
    del os.environ[VARIABLE]
