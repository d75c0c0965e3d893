"""Folders of results: a list of their files with checksums tells them from those of users."""

import contextlib
import hashlib
import os
import shutil

from .files import real_path, refuse_existing, replace_file, replace_folder, restore, scratch_beside

MANIFEST = "checksums.sha256"
"""List of the files of a result, as ``sha256sum --check`` reads it."""

_TITLE = "# written by crlocal "
_REMEDY = "choose another --output, or pass --overwrite"


def check_place(path):
    """Real path of a file or folder to be written; places that cannot be written are refused."""
    path = real_path(path)
    if os.path.ismount(path):
        raise OSError(f"{path} is the root of a file system: name a folder in it")
    above = next(folder for folder in path.parents if folder.exists())
    if not above.is_dir():
        raise NotADirectoryError(f"{path} cannot be written: {above} is a file")
    if not os.access(above, os.W_OK):
        raise PermissionError(f"{path} cannot be written: no permission to write in {above}")
    restore(path)
    return path


def check_result(folder, command, overwrite=False, names=()):
    """Real path of the folder of a result; refuse to write it where something would be lost.

    Parameters
    ----------
    folder : path-like
        Folder to be written.
    command : str
        Command of ``crlocal`` that writes it: it replaces results of its own only.
    overwrite : bool
        Replace an earlier result. What else is in its folder stays.
    names : iterable of str
        Files to be written, where they are known.

    Raises
    ------
    OSError
        If the folder cannot be written, or holds something else than an unchanged result.
    """
    folder = check_place(folder)
    if folder.is_dir() and folder.samefile(os.curdir):
        raise FileExistsError(f"{folder} is the folder that you are in: choose another --output")
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file: choose another --output")
    refuse_existing(folder, overwrite=overwrite, remedy=_REMEDY)
    if not folder.exists() or not any(folder.iterdir()):
        return folder
    author, listed = read_manifest(folder)
    if author != command:
        made = f"holds a result of crlocal {author}" if author else f"has no {MANIFEST}"
        raise FileExistsError(
            f"{folder} is left alone: it {made}, so that it is no earlier result of crlocal "
            f"{command}; choose another --output"
        )
    lost = changed_files(folder)
    lost += [name for name in names if name not in listed and os.path.lexists(folder / name)]
    if lost:
        raise FileExistsError(
            f"{folder} is left alone, crlocal {command} would replace what it has not written so: "
            f"{', '.join(lost)}; move that away, or choose another --output"
        )
    return folder


@contextlib.contextmanager
def replace_result(folder, command, overwrite=False):
    """Give a draft of the folder of a result, which takes its place at the end.

    After an error, or when the process is killed, what was there before is kept. Files that are
    not of the earlier result stay in the folder.
    """
    folder = real_path(folder)
    with scratch_beside(folder) as scratch:
        draft = scratch / "new"
        draft.mkdir()
        yield draft
        names = sorted(path.name for path in draft.iterdir())
        # others may have written to the folder while the result was computed
        check_result(folder, command, overwrite, names)
        if folder.exists():
            _keep(folder, draft)
        _write_manifest(draft, command, {name: _checksum(draft / name) for name in names})
        replace_folder(draft, folder)


def add_to_result(path, command=""):
    """Enter a file in the list of its folder; a command begins one if there is none."""
    path = real_path(path)
    author, listed = read_manifest(path.parent)
    if author or command:
        listed[path.name] = _checksum(path)
        _write_manifest(path.parent, author or command, listed)


def changed_files(folder):
    """Names of the files of a result that are not as they were written; no missing ones."""
    _, listed = read_manifest(folder)
    present = (folder / name for name in listed if os.path.lexists(folder / name))
    return [path.name for path in present if not is_own(path)]


def is_own(path):
    """Whether a file is as a command has written and listed it."""
    path = real_path(path)
    _, listed = read_manifest(path.parent)
    return path.is_file() and listed.get(path.name) == _checksum(path)


def read_manifest(folder):
    """Command that has written a folder, empty if none has, and checksums of its files by name."""
    path = folder / MANIFEST
    title, *lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else [""]
    if not title.startswith(_TITLE):
        return "", {}
    pairs = (line.split("  ", 1) for line in lines if "  " in line)
    return title.removeprefix(_TITLE), {name: checksum for checksum, name in pairs}


def _write_manifest(folder, command, listed):
    lines = [f"{_TITLE}{command}", *(f"{checksum}  {name}" for name, checksum in listed.items())]
    with replace_file(folder / MANIFEST) as draft:
        draft.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _keep(folder, draft):
    """Link all that is not of the earlier result into its successor."""
    _, listed = read_manifest(folder)
    own = {str(folder / name) for name in (*listed, MANIFEST)}

    def ignore(above, names):
        return {name for name in names if os.path.join(above, name) in own}

    shutil.copytree(
        folder, draft, ignore=ignore, copy_function=_link, symlinks=True, dirs_exist_ok=True
    )


def _link(source, target):
    """Give a file a second name, or copy it where the system has no such links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
