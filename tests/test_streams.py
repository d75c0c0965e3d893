"""The program and its streams: readers that stop, interrupts, numbers that are none."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import crlocal_command
import crlocal_plugin as crl
from crlocal_plugin.cli import main

ROOT = Path(crl.__file__).parents[1]


@pytest.mark.parametrize("words", ["data list", "--help"])
def test_a_reader_that_stops_is_no_error(words):
    script = "import sys, crlocal_command as c; sys.exit(c.main())"
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", script, *words.split()]
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, cwd=ROOT) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_interrupt_while_the_package_is_imported(monkeypatch, capsys):
    class Interrupted(ModuleType):
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "crlocal_plugin.cli", Interrupted("cli"))
    monkeypatch.setattr(sys, "argv", ["crlocal", "data", "list"])
    assert crlocal_command.main() == 2
    assert capsys.readouterr().err == "crlocal: interrupted, no file is half-written\n"


def test_the_version_needs_no_import():
    script = "import sys, crlocal_command as c; c.main(); print('gammapy' in sys.modules)"
    command = [sys.executable, "-c", script, "--version"]
    printed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert printed == f"crlocal {crl.__version__}\nFalse\n"


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
