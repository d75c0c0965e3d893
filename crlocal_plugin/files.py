"""Files and folders are written whole or not at all, and nothing is replaced unasked."""

import contextlib
import ctypes
import glob
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import yaml

try:
    import fcntl
except ImportError:  # a system without such locks: what a killed command leaves stays there
    fcntl = None

_LOCK = "crlocal.lock"
"""File that tells scratch folders of this package from others, locked while they are in use."""


def shipped_yaml(path):
    """Content of a YAML file of the package."""
    # libyaml is ten times as fast, and the files are read when the package is imported
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(Path(path).read_text(encoding="utf-8"), loader)


def refuse_existing(*paths, overwrite=False, remedy="pass overwrite=True to replace"):
    """Raise FileExistsError, which names them, if some of the files are there already."""
    # a folder on the way that is not there yet must not hide a file behind ".."
    present = [str(path) for path in paths if Path(path).resolve().exists()]
    if present and not overwrite:
        verb = "exists" if len(present) == 1 else "exist"
        raise FileExistsError(f"{', '.join(present)} {verb} already; nothing was written, {remedy}")


def real_path(path):
    """Path behind symbolic links, which stay what they are; a link to nothing is refused."""
    link = next((p for p in (Path(path), *Path(path).parents) if p.is_symlink()), None)
    if link is not None and not link.exists():
        raise FileNotFoundError(f"{link} is a link to {os.readlink(link)}, which is not there")
    return Path(path).resolve()


@contextlib.contextmanager
def replace_file(path):
    """Give the path of a draft that takes the place of a file at the end; folders are made."""
    path = real_path(path)
    with scratch_beside(path) as scratch:
        draft = scratch / path.name
        yield draft
        os.replace(draft, path)


@contextlib.contextmanager
def scratch_beside(path):
    """Give an empty folder beside a file or folder, which goes at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    restore(path)
    scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        with open(scratch / "lock", "w") as lock:
            if fcntl:
                fcntl.flock(lock, fcntl.LOCK_EX)
            # under its name only once it is locked: `restore` must not find it before
            os.rename(scratch / "lock", scratch / _LOCK)
            yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def restore(path):
    """Clear what a killed command left beside a file or folder, and say so.

    A folder that it had moved away, to put another in its place, is brought back.
    """
    for name in glob.glob(f".{glob.escape(path.name)}-*/{_LOCK}", root_dir=path.parent):
        with contextlib.suppress(OSError), open(path.parent / name, "rb") as lock:
            if not fcntl:
                continue
            # fails while the command is running
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            scratch = path.parent / Path(name).parent
            done = f"cleared {scratch}, left by a command that was killed"
            if (scratch / "old").exists() and not path.exists():
                os.rename(scratch / "old", path)
                done = f"brought back {path}, which a killed command had moved away"
            shutil.rmtree(scratch)
            warnings.warn(done, stacklevel=2)


def replace_folder(draft, folder):
    """Put a folder in the place of another, which is then beside the draft, or in its place."""
    if not folder.exists():
        os.rename(draft, folder)
    elif not _exchange(draft, folder):
        old = draft.parent / "old"
        try:
            os.rename(folder, old)
            os.rename(draft, folder)
        finally:
            # an error or Ctrl-C between the two must not take the earlier folder along
            if old.exists() and not folder.exists():
                os.rename(old, folder)


def _exchange(one, other):
    """Exchange two folders in one step; False where the system cannot."""
    names, at_once = (os.fsencode(one), os.fsencode(other)), 2
    with contextlib.suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return library.renamex_np(*names, at_once) == 0
        here = -100  # AT_FDCWD
        return library.renameat2(here, names[0], here, names[1], at_once) == 0
    return False
