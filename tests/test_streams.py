"""The program and its streams: readers that stop, interrupts, numbers that are none."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import crlocal_plugin as crl
from crlocal_plugin.cli import main

ROOT = Path(crl.__file__).parents[1]


PROGRAM = [sys.executable, "-m", "crlocal_plugin"]


def test_a_reader_that_stops_is_no_error():
    pipe = subprocess.PIPE
    command = [*PROGRAM, "data", "list"]
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, cwd=ROOT) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_no_output_at_all_is_no_error():
    command = shlex.join([*PROGRAM, "data", "list"]) + " >&-"
    subprocess.run(command, shell=True, cwd=ROOT, check=True)


INTERRUPTED = """
import sys

class Interrupt:
    def find_spec(self, name, *arguments):
        if name.startswith("gammapy"):
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
sys.modules["__main__"].__file__ = sys.argv[1]
from crlocal_plugin.cli import main
sys.exit(main(["data", "list"]))
"""


@pytest.mark.parametrize(
    ("program", "lines"),
    [(str(Path(sys.executable).with_name("crlocal")), 1), ("notebook.py", None)],
    ids=["program", "other"],
)
def test_interrupt_while_the_package_is_imported(program, lines):
    command = [sys.executable, "-c", INTERRUPTED, program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode != 0
    if lines is None:
        assert "Traceback" in done.stderr
    else:
        assert done.stderr == "crlocal: interrupted, no file is half-written\n"


@pytest.mark.parametrize(
    ("command", "option", "values"),
    [
        ("identify", "--fix", ["x=nan pc"]),
        ("identify", "--fix", ["x=inf"]),
        ("identify", "--floors", ["nan"]),
        ("plot spectra", "--energy-range", ["nan TeV", "1 TeV"]),
        ("plot spectra", "--energy-range", ["1 TeV", "inf TeV"]),
    ],
)
def test_numbers_that_are_none_are_refused(command, option, values, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*command.split(), option, *values]) == 2
    assert capsys.readouterr().err.startswith(f"crlocal: error: {option}")


@pytest.mark.parametrize("number", ["nan", "inf"])
@pytest.mark.parametrize("words", ["scan x --points", "toys --seed", "sample --range"])
def test_numbers_that_are_none_are_refused_by_the_parser(words, number, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*words.split(), number])
    assert stop.value.code == 2
    assert f"error: {words.split()[-1]}: expected a " in capsys.readouterr().err
