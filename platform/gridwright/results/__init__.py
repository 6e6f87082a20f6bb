"""A folder of experiments with claims -> the file of what came of them, and its page.

    python -m gridwright.results conf/experiment/paper --tracking sqlite:///mlflow.db
    python -m gridwright.results conf/experiment/paper

The first reads the finished sweeps of these experiments from a tracking store and joins them to
what `results.json` holds (`gridwright.results.merging`); both then write `README.md`, from that
file and `README.jinja`. A sweep belongs to the experiment that its command names. `findings.toml`
may state what the trials of the experiments should show together (`gridwright.results.findings`).
"""

from gridwright.results.collecting import collected
from gridwright.results.merging import merged
from gridwright.results.page import page

__all__ = ["collected", "merged", "page"]
