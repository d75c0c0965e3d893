"""What long work shows of itself, where, and when."""

import io
import sys
import time

import pytest

from crlocal_plugin import progress
from crlocal_plugin.cli import main
from crlocal_plugin.progress import plain_lines, progress_bar, silence


@pytest.fixture
def show(monkeypatch):
    """Function that puts a stream in the place of standard error; all is shown at once."""
    monkeypatch.setattr(progress, "DELAY", 0.0)
    monkeypatch.setattr(progress, "BARS", 0.01)
    monkeypatch.setenv("COLUMNS", "80")

    def show(terminal=False):
        stream = io.StringIO()
        stream.isatty = lambda: terminal
        monkeypatch.setattr(sys, "stderr", stream)
        return stream

    return show


def wait_for(text, stream, seconds=5.0):
    """Text of a stream, as soon as it contains another."""
    end = time.monotonic() + seconds
    while text not in stream.getvalue() and time.monotonic() < end:
        time.sleep(0.01)
    return stream.getvalue()


def test_bar_on_a_terminal(show, capfd):
    terminal = show(terminal=True)
    with progress_bar(3, "drawing", "figures") as update:
        update(2)
        assert "drawing:  67%" in wait_for("2/3", terminal)
        assert "figures" in terminal.getvalue()
    # the line is free again
    assert terminal.getvalue().rsplit("\r", 2)[-2].strip() == ""
    assert capfd.readouterr().out == ""


def test_a_bar_moves_on_while_nothing_is_finished(show):
    terminal = show(terminal=True)
    with progress_bar(None, "fitting", ""):
        assert "fitting [00:00]" in wait_for("fitting [00:00]", terminal)
        assert wait_for("[00:01]", terminal).count("fitting") > 2


def test_nothing_in_a_pipe(show):
    stream = show()
    with progress_bar(3, "drawing", "figures") as update:
        update(1)
        time.sleep(0.05)
    assert stream.getvalue() == ""


def test_nothing_of_short_work(show, monkeypatch):
    terminal = show(terminal=True)
    monkeypatch.setattr(progress, "DELAY", 60.0)
    with progress_bar(3, "drawing", "figures") as update:
        update(1)
        time.sleep(0.05)
    assert terminal.getvalue() == ""


def test_lines_name_all_that_goes_on(show, monkeypatch):
    stream = show()
    monkeypatch.setattr(progress, "LINES", 0.0)
    with plain_lines(), progress_bar(2, "comparing", "models") as outer:
        outer(1)
        with progress_bar(4, "starts", "starts", done=1) as inner:
            inner(1)
            text = wait_for("starts: 2 of 4", stream)
    line = next(line for line in text.splitlines() if "starts: 2 of 4" in line)
    assert line.startswith("crlocal: comparing: 1 of 2 models, starts: 2 of 4 starts, after 00:00")
    # one of the two that are left took no time yet
    assert line.endswith("about 00:00 left")
    assert "\r" not in text


def test_lines_are_apart(show):
    stream = show()
    with plain_lines(), progress_bar(2, "comparing", "models"):
        wait_for("comparing", stream)
        time.sleep(0.1)
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize(("asked", "lines"), [(True, True), (False, False), (None, False)])
def test_asked_for_where_nobody_looks(asked, lines, show):
    stream = show()
    with progress_bar(2, "comparing", "models", asked):
        assert ("comparing" in wait_for("comparing", stream, 0.2)) is lines


def test_a_function_is_called_in_place_of_a_bar(show):
    terminal = show(terminal=True)
    seen = []
    with progress_bar(5, "toys", "toys", seen.append, done=2) as update:
        # nor is there a bar of what is inside
        with progress_bar(3, "starts", "starts") as inner:
            inner(1)
            time.sleep(0.05)
        update(3)
    assert seen == [2, 3]
    assert terminal.getvalue() == ""


def test_silence(show):
    terminal = show(terminal=True)
    with silence(), progress_bar(5, "toys", "toys"):
        time.sleep(0.05)
    assert terminal.getvalue() == ""


def test_mistake():
    with (
        pytest.raises(TypeError, match="expected a function, True or False, got 3"),
        progress_bar(5, "toys", "toys", 3),
    ):
        pass


def test_verbose_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(progress, "DELAY", 0.0)
    monkeypatch.setattr(progress, "BARS", 0.01)
    monkeypatch.chdir(tmp_path)
    words = ["--datasets", "dampe_h", "icecube-2016", "--species", "H", "--fix"]
    words += ["Q_0c", "R_cut", "R_cutc", "D_0", "x", "V_sun", "phi"]
    assert main(["tension", "--verbose", *words]) == 0
    printed = capsys.readouterr()
    assert "crlocal: " in printed.err
    assert "crlocal: " not in printed.out
    assert main(["tension", *words]) == 0
    assert capsys.readouterr().err == ""
