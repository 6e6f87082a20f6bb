"""Trees of a stored model, whose nodes name each other by position: every position is there.

scikit-learn follows these positions without looking (in compiled code), since its own training
makes them. A file is only a claim: one with a position out of range would read foreign memory or
end the process. A node's children come after it, so that no path is endless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridwright.contract import Array


def check(objects: Any, n_columns: int) -> None:
    """Check every tree in `objects`, which see samples of `n_columns`.

    Raises:
        ModelFileError: a tree leads out of itself.
    """
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
    from sklearn.neighbors import BallTree, KDTree
    from sklearn.tree._tree import Tree

    for one, columns in _walk(objects, n_columns, set()):
        if isinstance(one, Tree):
            nodes = one.__getstate__()["nodes"]
            leaves = nodes["left_child"] == -1
            whole = _leads_nowhere_else(
                nodes["left_child"], nodes["right_child"], nodes["feature"], leaves, columns
            )
        elif isinstance(one, TreePredictor):
            whole = _is_whole_predictor(one, columns)
        elif isinstance(one, KDTree | BallTree):
            whole = _is_whole_index(one)
        else:
            continue
        if not whole:
            raise ModelFileError(
                "the stored model is refused: a tree in it leads to a node or column that is not "
                "there, which scikit-learn never writes"
            )


def _walk(one: Any, columns: int, seen: set[int]) -> Iterator[tuple[Any, int]]:
    """Yield `one` and all that it holds, each object once, with the columns that it gets to see."""
    if id(one) in seen or isinstance(one, str | bytes | int | float | None):
        return
    seen.add(id(one))
    yield one, columns
    inner: list[Any] = []
    if isinstance(one, dict):
        inner = list(one.values())
    elif isinstance(one, list | tuple | set):
        inner = list(one)
    elif isinstance(one, np.ndarray):
        inner = one.ravel().tolist() if one.dtype == object else []
    elif hasattr(one, "__dict__"):
        inner = list(vars(one).values())
        # The estimators inside of another may see a part of the columns.
        columns = min(columns, getattr(one, "n_features_in_", columns))
    for part in inner:
        yield from _walk(part, columns, seen)


def _leads_nowhere_else(
    left: Array, right: Array, column: Array, leaves: Array, n_columns: int
) -> bool:
    here = np.arange(len(left), dtype=np.int64)
    inner = ~np.asarray(leaves, dtype=bool)
    good = (
        (left > here)
        & (left < len(left))
        & (right > here)
        & (right < len(left))
        & (column >= 0)
        & (column < n_columns)
    )
    return len(left) > 0 and bool(good[inner].all())


def _is_whole_predictor(one: Any, n_columns: int) -> bool:
    nodes = one.nodes
    # Positions are unsigned here: a negative one is a very large one.
    whole = _leads_nowhere_else(
        nodes["left"].astype(np.int64),
        nodes["right"].astype(np.int64),
        nodes["feature_idx"].astype(np.int64),
        nodes["is_leaf"] != 0,
        n_columns,
    )
    by_category = nodes["is_categorical"] != 0
    bitsets = min(len(one.raw_left_cat_bitsets), len(one.binned_left_cat_bitsets))
    return whole and bool((nodes["bitset_idx"][by_category] < bitsets).all())


def _is_whole_index(one: Any) -> bool:
    """Check a tree of neighbours: nodes are ranges of positions of samples."""
    data, positions, nodes, bounds = (np.asarray(array) for array in one.get_arrays())
    n_samples = len(data)
    return bool(
        len(positions) == n_samples
        and len(nodes) == bounds.shape[1]
        and ((positions >= 0) & (positions < n_samples)).all()
        and (nodes["idx_start"] >= 0).all()
        and (nodes["idx_start"] <= nodes["idx_end"]).all()
        and (nodes["idx_end"] <= n_samples).all()
    )
