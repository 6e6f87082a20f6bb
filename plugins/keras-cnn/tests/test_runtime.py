"""How Keras is started, each time in a process of its own."""

import os
import platform
import subprocess
import sys

import pytest

KERAS_STARTS = "from keras_cnn import runtime; keras = runtime.keras(); "


def run(code, **environment):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TF_", "KERAS_", "OMP_"))
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**kept, **environment},
    )


def test_tensorflow_starts_quietly_with_the_threads_of_the_trial():
    code = KERAS_STARTS + (
        "import os, tensorflow as tf;"
        "print(keras.backend.backend(), tf.config.threading.get_intra_op_parallelism_threads(),"
        "tf.config.threading.get_inter_op_parallelism_threads(), os.environ['TF_FORCE_GPU_ALLOW_GROWTH'])"
    )
    done = run(code, OMP_NUM_THREADS="3", TF_FORCE_GPU_ALLOW_GROWTH="false")
    assert done.stdout.split() == ["tensorflow", "3", "3", "false"]
    assert not done.stderr


def test_what_else_is_written_while_it_starts_is_passed_on():
    code = (
        "import os, keras_cnn.runtime as runtime\n"
        "with runtime._start_up_notices_dropped():\n"
        "    os.write(2, b'I0000 00:00:17.9 8107 port.cc:153] oneDNN\\nsomething is wrong\\n')\n"
        "os.write(2, b'later\\n')"
    )
    assert run(code).stderr.splitlines() == ["something is wrong", "later"]


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64",
    reason="TensorFlow has no oneDNN here",
)
@pytest.mark.parametrize(("own", "used"), [({}, "True"), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, "False")])
def test_convolutions_are_those_of_onednn_unless_the_user_says_no(own, used):
    code = KERAS_STARTS + (
        "from tensorflow.python.framework.test_util import IsMklEnabled; print(IsMklEnabled())"
    )
    done = run(code, **own)
    assert done.stdout.split() == [used]
    assert not done.stderr


def test_a_tensorflow_that_runs_already_keeps_its_threads():
    code = (
        "import tensorflow as tf; tf.config.threading.set_intra_op_parallelism_threads(2);"
        "tf.constant(1) + 1;" + KERAS_STARTS + "print(keras.backend.backend(),"
        "tf.config.threading.get_intra_op_parallelism_threads())"
    )
    assert run(code, OMP_NUM_THREADS="1").stdout.split() == ["tensorflow", "2"]
