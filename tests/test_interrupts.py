"""Ctrl-C and SIGTERM end a command and all its processes, without a traceback."""

import os
import signal
import subprocess
import sys
import time
from concurrent import futures
from pathlib import Path

import pytest

from crlocal_plugin.work import parallel

SCAN = ["scan", "V_sun", "x", "--points", "2000", "--jobs", "2"]
TOYS = ["toys", "--number", "2000", "--no-profile", "--jobs", "2"]


def members(group):
    """Processes of a group that still run, by their numbers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(path.parent.name))
    return found


def wait_for(condition, seconds):
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.fixture
def start(tmp_path):
    """Start a command in a process group of its own; it comes back when its workers are busy."""
    processes = []

    def start(words, busy):
        process = subprocess.Popen(
            [sys.executable, "-m", "crlocal_plugin", *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        )
        processes.append(process)
        assert any(busy in line for line in process.stdout)
        assert wait_for(lambda: len(members(process.pid)) == 3, 5)
        time.sleep(0.3)
        return process

    yield start
    for process in processes:
        if members(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
@pytest.mark.parametrize(
    ("words", "busy", "number", "to_all", "code"),
    [
        pytest.param(SCAN, "scanning", signal.SIGINT, True, 2, id="scan, Ctrl-C"),
        pytest.param(TOYS, "simulating", signal.SIGTERM, False, 143, id="toys, SIGTERM"),
        pytest.param(SCAN, "scanning", signal.SIGKILL, False, -9, id="scan, SIGKILL"),
    ],
)
def test_signals(start, tmp_path, words, busy, number, to_all, code):
    process = start(words, busy)
    (os.killpg if to_all else os.kill)(process.pid, number)
    _, text = process.communicate(timeout=5)
    assert wait_for(lambda: not members(process.pid), 2)
    assert process.returncode == code
    lines = [line for line in text.splitlines() if not line.startswith("crlocal: note: what is")]
    interrupted = ["crlocal: interrupted, no file is half-written"]
    assert lines == (interrupted if number == signal.SIGINT else [])
    # what a scan has done, if a point was done
    assert {path.name for path in tmp_path.iterdir()} <= {"crlocal-scan.partial"}


def test_ctrl_c_waits_until_there_are_processes(monkeypatch):
    # an exception that comes while Python makes a process may be lost
    reached = []
    submit = futures.ProcessPoolExecutor.submit

    def interrupted(self, *arguments):
        signal.raise_signal(signal.SIGINT)
        reached.append("processes")
        return submit(self, *arguments)

    monkeypatch.setattr(futures.ProcessPoolExecutor, "submit", interrupted)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        parallel.run_parallel(abs, [(1,), (2,)], n_jobs=2)
    assert reached == ["processes"]
    assert signal.getsignal(signal.SIGINT) is before


def kill_this_process(number):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_lost_is_told():
    with pytest.raises(ConnectionError, match="one of 2 processes was killed"):
        parallel.run_parallel(kill_this_process, [(1,), (2,)], n_jobs=2)


STOPPED_AT_ONCE = """
import os, time
from crlocal_plugin.work.parallel import run_parallel

slow, number = [False], [0]

def before():
    slow[0] = number[0] == 0
    number[0] += 1

# the first process is still being made when the second one has done all of the work
os.register_at_fork(before=before, after_in_child=lambda: slow[0] and time.sleep(1))
assert run_parallel(abs, [(-1,)], n_jobs=2) == [1]
"""


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="no forks on this system")
def test_a_process_that_is_stopped_while_it_is_made_ends():
    command = [sys.executable, "-W", "ignore", "-c", STOPPED_AT_ONCE]
    root = str(Path(__file__).parents[1])
    subprocess.run(command, check=True, timeout=60, env=os.environ | {"PYTHONPATH": root})
