"""Read back what gammapy's ``FitResult.write`` has written; gammapy itself has no reader."""

from pathlib import Path

import yaml
from gammapy.modeling import CovarianceResult, FitResult, OptimizeResult

from ..yaml_limits import check_limits


def read_result(path, models):
    """Read the result of a fit.

    Parameters
    ----------
    path : path-like
        YAML file of the result.
    models : `~gammapy.modeling.models.DatasetModels`
        Fitted models.

    Returns
    -------
    result : `~gammapy.modeling.FitResult`
        Result of optimiser and covariance, without traces.
    date : str
        Day of the fit, such as "2025-07-09"; empty if the file does not have it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}: write the folder with crlocal fit")
    try:
        data = yaml.safe_load(check_limits(path.read_text(encoding="utf-8"), path.name))
        optimisation = OptimizeResult(models=models, trace=None, **data["OptimizeResult"])
        covariance = data.get("CovarianceResult")
        result = FitResult(optimisation, covariance and CovarianceResult(**covariance))
        # a page has to say whether the fit converged, and to what
        if not (isinstance(result.success, bool) and isinstance(result.total_stat, int | float)):
            raise ValueError("no success or no total_stat")
        date = str(data.get("metadata", {}).get("date", ""))[:10]
    except Exception as error:
        # what a damaged file leads to depends on where it is damaged
        raise ValueError(
            f"{path} cannot be read, make it again with crlocal fit: {type(error).__name__}: "
            f"{' '.join(str(error).split())}"
        ) from error
    return result, date
