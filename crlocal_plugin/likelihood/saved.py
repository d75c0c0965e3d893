"""Files of a fit: a damaged one is refused, and named."""

import warnings
from pathlib import Path

import numpy as np
import yaml
from astropy.table import Table
from gammapy.modeling.models import Models
from gammapy.utils.check import verify_checksum
from gammapy.utils.scripts import YAML_FORMAT, make_path

from ..components.correlated_priors import CorrelatedPrior
from ..yaml_limits import check_limits
from .selection import check_parameters


def check_yaml(path, key, checksum=True):
    """Read a YAML file of datasets or models (dict), as it was written if ``checksum`` is set."""
    try:
        data = yaml.safe_load(check_limits(path.read_text(encoding="utf-8"), path))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path} is not a YAML file: {reason}; write it again") from error
    if not isinstance(data, dict) or not isinstance(data.get(key), list):
        raise ValueError(f"{path} has no list {key!r}: it is empty, truncated or a different file")
    written = data.pop("checksum", None)
    if checksum and written is None:
        warnings.warn(
            f"{path} has no checksum, so that damage would go unnoticed: pass checksum=False if "
            "that is intended",
            stacklevel=3,
        )
    elif checksum and not verify_checksum(yaml.dump(data, **YAML_FORMAT), written):
        raise ValueError(
            f"{path} has changed since it was written (its checksum differs): write it again, or, "
            "if you edited it, remove its line 'checksum' or pass checksum=False"
        )
    return data


def read_models(filename, checksum=True):
    """Models of a file, with their covariance, for a fit."""
    path = make_path(filename)
    data = check_yaml(path, "components", checksum)
    covariance = data.pop("covariance", None)
    try:
        models = Models.from_dict(data, path=path.parent)
        check_parameters(models)
        known = dict(zip(models.parameters_unique_names, models.parameters, strict=True))
        priors = [CorrelatedPrior.from_dict(entry, known) for entry in data.get("penalties", ())]
        models.set_penalties(priors or None)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    if covariance is not None and len(models.parameters):
        # as gammapy does, beside the models or where the name says
        files = [file for file in (path.parent / covariance, Path(covariance)) if file.is_file()]
        if files:
            models.covariance = _covariance(files[0], models.parameters_unique_names)
        else:
            warnings.warn(
                f"{path}: {covariance} is missing, so that errors have no correlations: restore "
                "the file, or fit again",
                stacklevel=3,
            )
    return models


def _covariance(path, names):
    """Covariance of parameters from a file of theirs, shape ``(n, n)``."""
    expected = f"expected rows and columns of the {len(names)} parameters of the models"
    advice = "write it again, or remove it to go on without correlations"
    try:
        table = Table.read(path, format="ascii.fixed_width")
        found = list(table["Parameters"])
        matrix = np.array([list(row)[1:] for row in table], dtype=float)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a covariance ({error}): {expected}; {advice}") from error
    if found != names or matrix.shape != (len(names),) * 2:
        raise ValueError(f"{path} is truncated or has other parameters: {expected}; {advice}")
    wrong = ~np.isfinite(matrix) | np.diag(np.diag(matrix) < 0)
    if wrong.any():
        rows = ", ".join(np.array(names)[wrong.any(axis=1)])
        raise ValueError(
            f"{path}: the numbers of {rows} are not finite, or a variance is negative; {advice}"
        )
    return matrix
