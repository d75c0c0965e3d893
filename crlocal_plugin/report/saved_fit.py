"""Read back what ``crlocal fit`` has written."""

from dataclasses import dataclass
from pathlib import Path

import yaml
from gammapy.modeling import CovarianceResult, FitResult, OptimizeResult

from ..datasets import CosmicRayDatasets

__all__ = ["SavedFit", "read_fit"]

_DATASETS, _MODELS, _RESULT = "datasets.yaml", "models.yaml", "fit-result.yaml"


@dataclass(frozen=True)
class SavedFit:
    """Fit as it was written to a folder.

    Attributes
    ----------
    datasets : CosmicRayDatasets
        Datasets with the fitted models.
    result : `~gammapy.modeling.FitResult`
        What optimiser and covariance said, without traces.
    date : str
        Day of the fit, such as "2025-07-09"; empty if the folder does not tell.
    """

    datasets: CosmicRayDatasets
    result: FitResult
    date: str


def read_fit(folder):
    """Read the folder of a fit.

    Parameters
    ----------
    folder : path-like
        Folder that ``crlocal fit`` has written.

    Returns
    -------
    SavedFit
        The fit.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or it lacks a file.
    ValueError
        If a file cannot be read; the message names it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder: expected one that crlocal fit has written")
    for name in (_DATASETS, _MODELS, _RESULT):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"{folder} has no file {name}: expected a folder that crlocal fit has written"
            )
    try:
        data = yaml.safe_load((folder / _RESULT).read_text(encoding="utf-8"))
        steps = data["OptimizeResult"], data["CovarianceResult"]
        date = str(data.get("metadata", {}).get("date", ""))[:10]
    except Exception as error:
        raise _unreadable(folder / _RESULT, error) from error
    try:
        datasets = CosmicRayDatasets.read(folder / _DATASETS, filename_models=folder / _MODELS)
        datasets.stat_sum()
    except Exception as error:
        raise _unreadable(f"{folder / _DATASETS} with {_MODELS}", error) from error
    try:
        optimisation = OptimizeResult(models=datasets.models, trace=None, **steps[0])
        result = FitResult(optimisation, CovarianceResult(**steps[1]))
    except TypeError as error:
        raise _unreadable(folder / _RESULT, error) from error
    return SavedFit(datasets, result, date)


def _unreadable(name, error):
    """Error in one line, whatever went wrong in a file that somebody may have edited."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return ValueError(f"{name} cannot be read ({reason}): write the folder anew with crlocal fit")
