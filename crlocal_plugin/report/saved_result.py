"""Read back what gammapy's ``FitResult.write`` has written; gammapy itself has no reader."""

from pathlib import Path

import yaml
from astropy.table import Table
from gammapy.modeling import CovarianceResult, FitResult, OptimizeResult
from pydantic import BaseModel, FiniteFloat, NonNegativeInt, ValidationError

from ..analysis.errors import key_text, messages_of
from ..likelihood.minima.search import Minima
from ..yaml_limits import check_limits

MINIMA = "minima.ecsv"
"""Minima that the starts of a fit have led to, beside its result."""


class _Step(BaseModel, strict=True):
    backend: str
    method: str
    success: bool
    message: str


class _Optimisation(_Step):
    nfev: NonNegativeInt
    total_stat: FiniteFloat


class _Content(BaseModel):
    OptimizeResult: _Optimisation
    CovarianceResult: _Step | None = None
    metadata: dict = {}


def read_result(path, models):
    """Read the result of a fit.

    Parameters
    ----------
    path, models : path-like, `~gammapy.modeling.models.DatasetModels`
        YAML file of the result, and the fitted models.

    Returns
    -------
    result, date : `~gammapy.modeling.FitResult`, str
        Result without traces, with the minima of a table beside it in ``models.minima``; day of
        the fit, as "2025-07-09", empty if the file has none.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}: write the folder with crlocal fit")
    try:
        text = check_limits(path.read_text(encoding="utf-8"), path.name)
        content = _Content.model_validate(yaml.safe_load(text))
    except Exception as error:
        # what a damaged file leads to depends on where it is damaged
        faults = [f"{type(error).__name__}: {' '.join(str(error).split())}"]
        if isinstance(error, ValidationError):
            found = messages_of(error, key_text)
            faults = [f"{key_text(key)}: {fault}" if key else fault for key, fault in found]
        raise ValueError(
            f"{path} cannot be read, make it again with crlocal fit: {'; '.join(faults)}"
        ) from error
    minima = path.with_name(MINIMA)
    if minima.is_file():
        models.minima = Minima.from_table(Table.read(minima, format="ascii.ecsv"))
    result = OptimizeResult(models=models, trace=None, **dict(content.OptimizeResult))
    covariance = content.CovarianceResult and CovarianceResult(**dict(content.CovarianceResult))
    return FitResult(result, covariance), str(content.metadata.get("date", ""))[:10]
