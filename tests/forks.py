"""Run by the tests of whole sweeps: starts commands in copies of a process that has imported much.

What takes long to import is imported once; every command is a process of its own all the same.
Reads requests from standard input, a line of JSON each, and answers each with a line of JSON.
"""

import json
import os
import sys
import traceback

import hydra  # noqa: F401
import mlflow.pyfunc  # noqa: F401
import ray.tune  # noqa: F401
import sklearn.metrics  # noqa: F401

import gridwright.sweep.ray_tune
import gridwright.tracking.report
import gridwright.tracking.session  # noqa: F401
import numpy_mlp.estimators  # noqa: F401
from gridwright.cli import run_command


def start(arguments, folder, environment, out, err):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.chdir(folder)
            os.environ.update(environment)
            sys.path[:0] = environment.get("PYTHONPATH", "").split(os.pathsep)
            for number, path in ((1, out), (2, err)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
            status = run_command(arguments)
        except BaseException:  # noqa: BLE001 - what Python does at its end
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return pid


def poll(pid):
    found, status = os.waitpid(pid, os.WNOHANG)
    return None if found == 0 else os.waitstatus_to_exitcode(status)


answers = os.fdopen(os.dup(1), "w")  # the commands have standard output
for line in sys.stdin:
    request = json.loads(line)
    answer = poll(request["poll"]) if "poll" in request else start(**request)
    print(json.dumps(answer), file=answers, flush=True)
