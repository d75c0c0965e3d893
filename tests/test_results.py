"""Nothing of a user's is lost when results are written: manifests, kills, links, single files."""

import os
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from crlocal_plugin import files
from crlocal_plugin.cli import main
from crlocal_plugin.files import real_path, replace_file, restore
from crlocal_plugin.results import (
    MANIFEST,
    add_to_result,
    check_result,
    is_own,
    read_manifest,
    replace_result,
)

TOLD = "left alone"


def write(folder, command="fit", overwrite=True, **texts):
    with replace_result(folder, command, overwrite) as draft:
        for name, text in texts.items():
            (draft / f"{name}.txt").write_text(text)


def texts(folder):
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


@pytest.fixture
def result(tmp_path):
    write(tmp_path / "result", summary="one", gone="old")
    return tmp_path / "result"


@pytest.fixture(params=[True, False], ids=["exchange", "two-renames"])
def _exchange(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(files, "_exchange", lambda *folders: False)


@pytest.mark.usefixtures("_exchange")
def test_only_files_of_the_result_are_replaced(result, tmp_path):
    (result / "notes.md").write_text("mine")
    (result / "deep" / "er").mkdir(parents=True)
    (result / "deep" / "er" / "data.bin").write_text("mine too")
    (result / "deep" / "summary.txt").write_text("of another name")
    (result / "link").symlink_to("deep")
    write(result, summary="two", new="new")
    assert texts(result) == {
        "summary.txt": "two",
        "new.txt": "new",
        "notes.md": "mine",
        "deep/er/data.bin": "mine too",
        "deep/summary.txt": "of another name",
    }
    assert os.readlink(result / "link") == "deep"
    assert sorted(read_manifest(result)[1]) == ["new.txt", "summary.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_a_result_needs_overwrite(result):
    with pytest.raises(FileExistsError, match="--overwrite"):
        check_result(result, "fit")


@pytest.mark.parametrize("name", ["summary.txt", "thesis.tex"])
def test_a_folder_without_a_list_is_left_alone(name, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / name).write_text("mine")
    for command in ("fit", "scan"):
        with pytest.raises(FileExistsError, match=TOLD):
            check_result(tmp_path / "own", command, overwrite=True)


def test_a_result_of_another_command_is_left_alone(result):
    with pytest.raises(FileExistsError, match="holds a result of crlocal fit"):
        check_result(result, "scan", overwrite=True)


def test_a_changed_file_is_named(result):
    (result / "summary.txt").write_text("with remarks of mine")
    with pytest.raises(FileExistsError, match=r"summary\.txt; move that away"):
        write(result, summary="two")
    assert texts(result) == {"summary.txt": "with remarks of mine", "gone.txt": "old"}


def test_a_file_of_a_name_that_the_result_takes_is_named(result):
    (result / "new.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"new\.txt"):
        check_result(result, "fit", overwrite=True, names=["new.txt"])
    with pytest.raises(FileExistsError, match=r"new\.txt"):
        write(result, new="theirs")
    assert (result / "new.txt").read_text() == "mine"


def test_a_deleted_file_is_no_change(result):
    (result / "gone.txt").unlink()
    write(result, summary="two")
    assert texts(result) == {"summary.txt": "two"}


def test_the_list_is_one_for_sha256sum(result):
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("no sha256sum on this system")
    done = subprocess.run([program, "-c", MANIFEST], cwd=result, capture_output=True, text=True)
    assert done.returncode == 0, done
    assert done.stdout == "gone.txt: OK\nsummary.txt: OK\n"


def test_files_that_are_added_are_replaced_with_the_result(result):
    (result / "report.html").write_text("<html>")
    add_to_result(result / "report.html")
    assert is_own(result / "report.html")
    write(result, summary="two")
    assert texts(result) == {"summary.txt": "two"}


def test_nothing_is_listed_where_there_is_no_result(tmp_path):
    (tmp_path / "spectra.png").write_text("picture")
    add_to_result(tmp_path / "spectra.png")
    assert not (tmp_path / MANIFEST).exists()
    add_to_result(tmp_path / "spectra.png", "reproduce")
    assert read_manifest(tmp_path)[0] == "reproduce"


@pytest.mark.usefixtures("_exchange")
@pytest.mark.parametrize("stop", [OSError, KeyboardInterrupt])
def test_an_interrupted_replacement_keeps_the_earlier_result(stop, result, monkeypatch, tmp_path):
    rename = os.rename

    def interrupted(source, target):
        if Path(source).name == "new":
            raise stop
        rename(source, target)

    monkeypatch.setattr(os, "rename", interrupted)
    if files._exchange(tmp_path, tmp_path) is not False:
        monkeypatch.setattr(files, "_exchange", lambda *folders: interrupted(*folders))
    with pytest.raises(stop):
        write(result, summary="two")
    assert texts(result) == {"summary.txt": "one", "gone.txt": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


KILLED = """
import os, signal, sys, types
from pathlib import Path

# the two modules without the package, which takes seconds to import
sys.modules["crlocal_plugin"] = types.ModuleType("crlocal_plugin")
sys.modules["crlocal_plugin"].__path__ = [sys.argv[4]]
from crlocal_plugin import files
from crlocal_plugin.results import replace_result

if sys.argv[2] == "two-renames":
    files._exchange = lambda *folders: False
rename, number = os.rename, 0
def count(source, target):
    global number
    number += 1
    if number > int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    rename(source, target)
os.rename = count
with replace_result(Path(sys.argv[1]), "fit", True) as draft:
    (draft / "summary.txt").write_text("two")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(files.fcntl is None, reason="this system has no such locks")
@pytest.mark.parametrize(("way", "finished"), [("exchange", 2), ("two-renames", 4)])
@pytest.mark.parametrize("renames", range(1, 5))
def test_a_kill_leaves_one_result_or_the_other(result, way, finished, renames, tmp_path):
    (result / "notes.md").write_text("mine")
    package = Path(files.__file__).parent
    done = subprocess.run([sys.executable, "-c", KILLED, result, way, str(renames), package])
    assert done.returncode == -signal.SIGKILL
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        restore(result)
    old = {"summary.txt": "one", "gone.txt": "old", "notes.md": "mine"}
    assert texts(result) in (old, {"summary.txt": "two", "notes.md": "mine"})
    assert [path.name for path in tmp_path.iterdir()] == ["result"]
    assert all("killed" in str(warning.message) for warning in told)
    assert len(told) == (renames < finished)
    write(result, summary="three")
    assert texts(result) == {"summary.txt": "three", "notes.md": "mine"}


def test_what_a_running_command_uses_is_left_alone(tmp_path):
    path = tmp_path / "table.ecsv"
    with replace_file(path) as draft:
        draft.write_text("first")
        write_beside = replace_file(path)
        with write_beside as other:
            other.write_text("second")
        assert draft.exists()
    assert path.read_text() == "first"


def test_a_scratch_folder_of_others_is_left_alone(tmp_path):
    (tmp_path / ".result-mine").mkdir()
    (tmp_path / ".result-mine" / "data").write_text("mine")
    write(tmp_path / "result", summary="one")
    assert (tmp_path / ".result-mine" / "data").read_text() == "mine"


def test_links_stay_links(result, tmp_path):
    (tmp_path / "latest").symlink_to("result")
    write(tmp_path / "latest", summary="two")
    assert os.readlink(tmp_path / "latest") == "result"
    assert texts(result) == {"summary.txt": "two"}
    (tmp_path / "text").symlink_to(result / "summary.txt")
    with replace_file(tmp_path / "text") as draft:
        draft.write_text("three")
    assert (tmp_path / "text").is_symlink()
    assert texts(result) == {"summary.txt": "three"}


@pytest.mark.parametrize("name", ["link", "link/deeper", "loop"])
def test_links_to_nothing_are_refused(name, tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(FileNotFoundError, match="which is not there"):
        real_path(tmp_path / name)


def refused(words, capsys):
    """What the program says about arguments that it refuses, in one line."""
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    return line


@pytest.mark.parametrize("command", [["fit"], ["scan", "x"]], ids=" ".join)
def test_outputs_that_cannot_be_are_refused_before_the_work(command, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("link").symlink_to("nowhere")
    words = [*command, "--overwrite", "--output"]
    assert "root of a file system" in refused([*words, "/"], capsys)
    assert "folder that you are in" in refused([*words, "."], capsys)
    assert "is a link to nowhere" in refused([*words, "link"], capsys)
    Path("own").mkdir()
    Path("own", "a.yaml").write_text("starts: 1\n")
    Path("own", "summary.txt").write_text("")
    first = [command[0], "own/a.yaml", *command[1:], *words[len(command) :]]
    assert TOLD in refused([*first, "own"], capsys)
    assert len(list(Path("own").iterdir())) == 2


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["reproduce", "6", "--output", "."], "figure-06.png"),
        (["sample"], "posterior.nc"),
        (["report", ".", "--output", "page.html"], "page.html"),
    ],
    ids=["reproduce", "sample", "report"],
)
def test_files_of_others_are_left_alone(words, name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("mine")
    assert TOLD in refused([*words, "--overwrite"], capsys)
    assert Path(name).read_text() == "mine"


def test_figures_of_the_paper_are_replaced_until_they_are_changed(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["reproduce", "numbers", "--output", "paper", "--overwrite"]
    assert main(words) == 0
    assert main(words) == 0
    capsys.readouterr()
    with open("paper/numbers.ecsv", "a") as file:
        file.write("# a remark\n")
    assert "numbers.ecsv is left alone" in refused(words, capsys)
