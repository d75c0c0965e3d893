"""Write files, and the result of a fit to a folder, whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

from .progress import progress_bar


def check_output(folder, overwrite, mark="summary.txt"):
    """Refuse a folder that exists, before any work is done.

    Parameters
    ----------
    folder : `~pathlib.Path`
        Folder to write to.
    overwrite : bool
        Whether a folder of an earlier result may be replaced.
    mark : str, optional
        File by which a folder of earlier results is known.

    Raises
    ------
    FileExistsError
        If the folder exists and may not be replaced, or is a file, or holds something else than
        earlier results of this kind.
    NotADirectoryError
        If it would be below a file.
    """
    _check_place(folder)
    if not folder.resolve().exists():
        return
    if not folder.is_dir():
        raise FileExistsError(f"{folder} is a file: choose another --output")
    if not overwrite:
        raise FileExistsError(f"{folder} exists: choose another --output, or pass --overwrite")
    if any(folder.iterdir()) and not (folder / mark).is_file():
        raise FileExistsError(
            f"{folder} holds something else than an earlier result of this command and is left "
            "alone: choose another --output"
        )


def check_file(path, overwrite, suffixes):
    """Refuse a file that cannot be written, before any work is done.

    Parameters
    ----------
    path : `~pathlib.Path`
        File to write.
    overwrite : bool
        Whether an existing file may be replaced.
    suffixes : tuple of str
        Suffixes that it may have.

    Raises
    ------
    ValueError
        If the suffix is another one.
    FileExistsError
        If the file exists and may not be replaced, or is a folder.
    NotADirectoryError
        If it would be below a file.
    """
    if path.suffix not in suffixes:
        raise ValueError(f"{path}: expected a file with the suffix {' or '.join(suffixes)}")
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder: choose another name")
    if path.resolve().exists() and not overwrite:
        raise FileExistsError(f"{path} exists: choose another name, or pass --overwrite")
    _check_place(path)


def _check_place(path):
    """Refuse a file or folder below something that is no folder."""
    above = next(folder for folder in path.resolve().parents if folder.exists())
    if not above.is_dir():
        raise NotADirectoryError(f"{path} cannot be written: {above} is a file")


_TABLES = {
    "parameters": "parameters.ecsv",
    "covariance": "covariance.ecsv",
    "datasets": "chi2.ecsv",
}
"""Files of the tables of a summary."""


def check_names(datasets):
    """Refuse datasets whose files would take the place of others, before any work is done.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets that `write_output` is to write.

    Raises
    ------
    ValueError
        If a dataset has the name of a table of results.
    """
    for dataset in datasets:
        if dataset.to_dict()["filename"] in _TABLES.values():
            raise ValueError(
                f"dataset {dataset.name!r} has the name of a table of results: give it another "
                f"one in the analysis file, as in {{file: {dataset.name}.ecsv, name: mine}}"
            )


def write_output(folder, analysis, datasets, result, summary, overwrite=False):
    """Write analysis, models, datasets, result, tables and figures.

    Parameters
    ----------
    folder : `~pathlib.Path`
        Folder to write to.
    analysis : Analysis
        What was fitted.
    datasets : CosmicRayDatasets
        Fitted datasets.
    result : `~gammapy.modeling.FitResult`
        Result of the fit.
    summary : FitSummary
        Its summary.
    overwrite : bool, optional
        Replace the folder of an earlier result.

    Raises
    ------
    OSError
        If the folder cannot be written; what was there before is kept.
    """
    from ..analysis.files import analysis_text

    with replace_folder(Path(folder), overwrite) as draft:
        datasets.write(draft / "datasets.yaml", filename_models=draft / "models.yaml")
        result.write(draft / "fit-result.yaml", full_output=True)
        for name, filename in _TABLES.items():
            getattr(summary, name).write(draft / filename, format="ascii.ecsv")
        (draft / "summary.txt").write_text(f"{summary}\n", encoding="utf-8")
        own = analysis.with_tables_in(draft, datasets)
        text = analysis_text(own, draft, leave_out=("output",))
        (draft / "analysis.yaml").write_text(text, encoding="utf-8")
        _draw(draft, datasets)


@contextlib.contextmanager
def replace_folder(folder, overwrite=False, mark="summary.txt"):
    """Fill a folder whole or not at all.

    Parameters
    ----------
    folder : `~pathlib.Path`
        Folder to write to.
    overwrite, mark
        As for `check_output`.

    Yields
    ------
    `~pathlib.Path`
        Draft of the folder, which takes its place at the end.

    Raises
    ------
    OSError
        If the folder cannot be written; what was there before is kept.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        draft = Path(scratch) / "new"
        draft.mkdir()
        yield draft
        check_output(folder, overwrite, mark)
        old = Path(scratch) / "old"
        try:
            if folder.exists():
                os.replace(folder, old)
            os.replace(draft, folder)
        finally:
            # an error or Ctrl-C between the two must not take the earlier result along
            if old.exists() and not folder.exists():
                os.replace(old, folder)


def _draw(folder, datasets):
    """Draw the figures, that of <ln A> if there are data on it."""
    from ..datasets.mean_log_mass import MeanLogMassDataset
    from ..models.cosmic_ray import CosmicRayModel
    from ..plots.dipole import plot_dipole
    from ..plots.mean_log_mass import plot_mean_log_mass
    from ..plots.sky.directions import plot_sky
    from ..plots.spectra import plot_spectra

    model = next(m for m in datasets.models if isinstance(m, CosmicRayModel))
    figures = {
        "spectra": lambda: plot_spectra(model, datasets),
        "dipole": lambda: plot_dipole(model, datasets)[0],
        "sky": lambda: plot_sky(model),
    }
    if any(isinstance(dataset, MeanLogMassDataset) for dataset in datasets):
        figures["mean-log-mass"] = lambda: plot_mean_log_mass(model, datasets)
    plt = pyplot()
    with progress_bar(len(figures), "drawing", "figures") as update:
        for name, draw in figures.items():
            figure = draw().figure
            figure.savefig(folder / f"{name}.png", dpi=150, bbox_inches="tight")
            plt.close(figure)
            update(1)


def pyplot():
    """Prepare matplotlib for pictures in files, and return its ``pyplot``."""
    import matplotlib

    # the command line has no window to show
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def read_output(folder):
    """Read the datasets that `write_output` has written.

    Parameters
    ----------
    folder : path-like
        Folder.

    Returns
    -------
    CosmicRayDatasets
        Datasets with their models and the covariance of the fit.

    Raises
    ------
    ValueError
        If the folder does not hold them, or a file is damaged.
    """
    from ..likelihood.collection import CosmicRayDatasets

    names = ("datasets.yaml", "models.yaml")
    files = [Path(folder) / name for name in names]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ValueError(
            f"{folder} is no result of crlocal fit: expected {' and '.join(names)}, there is no "
            f"{' and no '.join(missing)}"
        )
    try:
        return CosmicRayDatasets.read(files[0], filename_models=files[1])
    except Exception as error:
        # what a damaged file leads to depends on where it is damaged
        raise ValueError(
            f"{folder} cannot be read, make it again with crlocal fit: "
            f"{type(error).__name__}: {' '.join(str(error).split())}"
        ) from error
