"""A model plugin that does what its parameter `what` says while it trains; else it is numpy-mlp.

Its parameter `note` may be anything.
"""

import os
import sys
import time

from numpy_mlp.plugin import NumpyMLPPlugin

DEEDS = {
    "nothing": lambda: None,
    "raises": lambda: 1 / 0,
    "exits": lambda: os._exit(0),
    "calls sys.exit": lambda: sys.exit(3),
    "hangs": lambda: time.sleep(3600),
    "leaks": lambda: LEAKED.append(bytearray(os.urandom(1) * 100_000_000)),
    "overflows": lambda: None,
}
LEAKED = []


class Misbehaving(NumpyMLPPlugin):
    name = "misbehaving"

    def check(self, parameters, data):
        return super().check(_settings(parameters), data)

    def footprint(self, parameters, data):
        return super().footprint(_settings(parameters), data)

    def batch_key(self, parameters, data):
        return None

    def build(self, parameters, task, data, seed):
        settings, what = _settings(parameters), parameters["what"]
        if what == "overflows":
            settings["eta"] = 1e30
        deed = DEEDS[what]
        estimator = super().build(settings, task, data, seed)
        fit = estimator.fit

        def misbehave(*arguments):
            deed()
            return fit(*arguments)

        estimator.fit = misbehave
        return estimator


def _settings(parameters):
    return {name: value for name, value in parameters.items() if name not in {"what", "note"}}


plugin = Misbehaving()
