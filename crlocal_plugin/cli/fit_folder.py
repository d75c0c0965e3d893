"""The folder of ``crlocal fit``: analysis, models, datasets, result, tables and figures."""

from functools import partial
from pathlib import Path

from ..results import changed_files, check_result, replace_result
from .output import write_pictures, write_table
from .terminal import tell

_TABLES = {
    "parameters": "parameters.ecsv",
    "covariance": "covariance.ecsv",
    "datasets": "chi2.ecsv",
}
"""Files of the tables of a summary."""

_PICTURES = ("spectra", "dipole", "sky")
"""Pictures of every fit; data of which these show nothing have their own."""


def check_names(folder, datasets, overwrite):
    """Refuse datasets whose files would take the place of others, before any work is done."""
    from ..report.saved_result import MINIMA

    names = [dataset.to_dict()["filename"] for dataset in datasets]
    check_result(folder, "fit", overwrite, names)
    for dataset, name in zip(datasets, names, strict=True):
        if name in (*_TABLES.values(), MINIMA):
            raise ValueError(
                f"dataset {dataset.name!r} has the name of a table of results: give it another "
                f"one in the analysis file, as in {{file: {dataset.name}.ecsv, name: mine}}"
            )


def write_output(folder, analysis, datasets, result, summary, overwrite=False):
    """Write all that belongs to a fit; after an error, what was there before is kept."""
    from ..analysis.files import analysis_text
    from ..report.saved_result import MINIMA

    with replace_result(folder, "fit", overwrite) as draft:
        datasets.write(draft / "datasets.yaml", filename_models=draft / "models.yaml")
        result.write(draft / "fit-result.yaml", full_output=True)
        for name, filename in _TABLES.items():
            write_table(getattr(summary, name), draft / filename)
        if summary.minima is not None:
            write_table(summary.minima.table(), draft / MINIMA)
        (draft / "summary.txt").write_text(f"{summary}\n", encoding="utf-8")
        own = analysis.with_tables_in(draft, datasets)
        text = analysis_text(own, draft, leave_out=("output",))
        (draft / "analysis.yaml").write_text(text, encoding="utf-8")
        draw_fit(draft, datasets)


def draw_fit(folder, datasets):
    """Draw the pictures of a fit."""
    from ..plots.pictures import PICTURES

    shown = {PICTURES[name].kind for name in _PICTURES}
    kinds = {getattr(dataset, "kind", None) for dataset in datasets} - shown
    names = [name for name in PICTURES if name in _PICTURES or PICTURES[name].kind in kinds]
    write_pictures(
        {folder / f"{name}.png": partial(PICTURES[name].draw, datasets) for name in names}
    )


def read_output(folder):
    """Read the datasets of a fit, with their models and the covariance."""
    from ..likelihood.collection import CosmicRayDatasets

    names = ("datasets.yaml", "models.yaml")
    folder = Path(folder)
    files = [folder / name for name in names]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ValueError(
            f"{folder} is no result of crlocal fit: expected {' and '.join(names)}, there is no "
            f"{' and no '.join(missing)}"
        )
    try:
        datasets = CosmicRayDatasets.read(files[0], filename_models=files[1])
    except Exception as error:
        # what a damaged file leads to depends on where it is damaged
        raise ValueError(
            f"{folder} cannot be read, make it again with crlocal fit: "
            f"{type(error).__name__}: {' '.join(str(error).split())}"
        ) from error
    for name in changed_files(folder):
        tell(f"{folder / name} is not as crlocal fit has written it")
    return datasets
