"""Write the result of a fit to a folder, whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

__all__ = ["check_output", "replace_folder", "write_output"]


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
    """
    if not folder.exists():
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


def write_output(folder, datasets, result, summary, overwrite=False):
    """Write models, datasets, result, tables and figures.

    Parameters
    ----------
    folder : `~pathlib.Path`
        Folder to write to.
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
    with replace_folder(Path(folder), overwrite) as draft:
        datasets.write(draft / "datasets.yaml", filename_models=draft / "models.yaml")
        result.write(draft / "fit-result.yaml", full_output=True)
        for name in ("parameters", "covariance", "datasets"):
            filename = {"datasets": "chi2"}.get(name, name)
            getattr(summary, name).write(draft / f"{filename}.ecsv", format="ascii.ecsv")
        (draft / "summary.txt").write_text(f"{summary}\n", encoding="utf-8")
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
        if folder.exists():
            os.replace(folder, Path(scratch) / "old")
        try:
            os.replace(draft, folder)
        except OSError:
            if (Path(scratch) / "old").exists():
                shutil.move(Path(scratch) / "old", folder)
            raise


def _draw(folder, datasets):
    """Draw the three figures."""
    import matplotlib

    # the command line has no window to show
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from ..models import CosmicRayModel
    from ..plots import plot_dipole, plot_sky, plot_spectra

    model = next(m for m in datasets.models if isinstance(m, CosmicRayModel))
    figures = {
        "spectra": lambda: plot_spectra(model, datasets),
        "dipole": lambda: plot_dipole(model, datasets)[0],
        "sky": lambda: plot_sky(model),
    }
    for name, draw in figures.items():
        figure = draw().figure
        figure.savefig(folder / f"{name}.png", dpi=150, bbox_inches="tight")
        plt.close(figure)
