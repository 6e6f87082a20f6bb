import subprocess
import sys
import threading

from gridwright.tracking.neighbours import Presence, Turn

HOLD = """
import sys
from pathlib import Path
from gridwright.tracking.neighbours import Turn

turn = Turn(Path(sys.argv[1]), "k" * 64)
print(turn.take(), flush=True)
sys.stdin.read()
"""


def test_a_sweep_waits_for_the_process_that_runs_it(tmp_path, caplog):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout.readline() == "False\n"
        assert not Turn(tmp_path, "another" * 9).take(), "one that is another sweep goes on"
        turn = Turn(tmp_path, "k" * 64)
        # As soon as it is known that it waits, the other process dies.
        threading.Thread(target=_kill_once, args=(other, lambda: caplog.text)).start()
        assert turn.take()
    assert f"already running in another process (PID {other.pid})" in caplog.text
    turn.end()
    assert not Turn(tmp_path, "k" * 64).take()


def _kill_once(process, text):
    waiting = threading.Event()
    while "already running" not in text():
        waiting.wait(0.01)
    process.kill()


def test_who_writes_knows_of_others(tmp_path):
    first = Presence(tmp_path)
    assert not first.others_write()
    second = Presence(tmp_path)
    assert first.others_write()
    assert second.others_write()
    assert first.others_write()
    assert not Presence(tmp_path).others_write()
