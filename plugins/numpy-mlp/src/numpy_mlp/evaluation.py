"""Walking a network over batches: the passes of a chunk, and loss and score of a data set."""

from __future__ import annotations

from numpy_mlp.network import Network, Pass, Workspace
from numpy_mlp.samples import CHUNK_BYTES, Batches, Chunk, Samples
from numpy_mlp.tally import Tally


class Passes:
    """The network's passes over a chunk's batches, bound once to the chunk's memory."""

    def __init__(self, workspace: Workspace, batches: Batches) -> None:
        self._size = batches.batch_size
        self._full = self._bind(workspace, batches.chunk)
        self._last = (
            self._full if batches.last is batches.chunk else self._bind(workspace, batches.last)
        )
        self._last_chunk = batches.last

    def _bind(self, workspace: Workspace, chunk: Chunk) -> list[tuple[Chunk, Pass]]:
        rows = len(chunk.features)
        cuts = [
            chunk.cut(start, min(start + self._size, rows)) for start in range(0, rows, self._size)
        ]
        return [(cut, workspace.pass_over(cut.features, cut.output)) for cut in cuts]

    def of(self, chunk: Chunk) -> list[tuple[Chunk, Pass]]:
        """Return the batches of `chunk` and their passes, in order."""
        return self._last if chunk is self._last_chunk else self._full


class Evaluation:
    """Loss and score of a network on data that it is not trained on.

    Args:
        network: to evaluate; its current parameters count.
        samples: the data.
        batch_size: rows at a time, at least.
    """

    def __init__(self, network: Network, samples: Samples, batch_size: int) -> None:
        widest = max(network.sizes) * network.parameters.itemsize
        rows = max(batch_size, CHUNK_BYTES // widest)
        self._network = network
        self._batches = Batches(samples, rows, shuffled=False)
        self._tally = Tally(samples, network.loss)
        workspace = Workspace(network, training=False)
        self._passes = Passes(workspace, self._batches)

    def __call__(self) -> tuple[float, float]:
        """Return (loss, score)."""
        for chunk in self._batches.chunks():
            for _, one_pass in self._passes.of(chunk):
                self._network.forward(one_pass)
            self._tally.add(chunk)
        return self._tally.take()
