"""Tables that exist for several hadronic interaction models, joined by one parameter.

The same showers give other spectra with each interaction model. Here, the truth is assumed to lie
on the curve through the tables of all models in their order: a parameter h is 0 at the first table,
1 at the second and so on, and ln(intensity) or <ln A> is the polynomial through all of them.
Relative errors of intensities, and errors of <ln A>, are those of the first table everywhere.
"""

import numpy as np
from astropy.table import Column, Table

from .raw_table import TableError

MAX_MODELS = 6
"""Number of models at most; polynomials of higher degree swing between the tables."""

_READ_IT = "read it with read_catalog_table or read_flux_table"


def hadronic_columns(n_models=MAX_MODELS):
    """Names of the columns with the shifts of all models but the first (list of str)."""
    return [f"hadronic_shift_{k}" for k in range(1, n_models)]


def join_hadronic_models(tables):
    """Join the tables of one measurement that differ in the hadronic interaction model.

    Parameters
    ----------
    tables : list of `~astropy.table.Table`
        Tables of the same spectrum or <ln A> at the same energies as their readers return them,
        with ``hadronic_model`` in their meta. Where one has an upper limit, none are compared.

    Returns
    -------
    `~astropy.table.Table`
        The first table with columns ``hadronic_shift_1``, ..., ln(intensity) or <ln A> of the
        others less that of the first, and their names as ``hadronic_models`` in the meta.

    Raises
    ------
    TableError
        If the tables do not belong together.
    """
    if isinstance(tables, Table):
        raise TableError("hadronic models: expected a list of tables, got one table")
    tables = list(tables)
    for table in tables:
        if not isinstance(table, Table):
            raise TableError(f"hadronic models: expected tables, got {table!r}; {_READ_IT}")
    models = [table.meta.get("hadronic_model") for table in tables]
    if not 2 <= len(tables) <= MAX_MODELS or not all(models) or len(set(models)) < len(models):
        raise TableError(
            f"hadronic models: expected 2 to {MAX_MODELS} tables, each with another "
            f"hadronic_model in its meta, got {', '.join(map(str, models)) or 'none'}"
        )
    first, *others = tables
    for table in others:
        _require_alike(first, table)
    value = _value_column(first)
    limited = np.any([t["is_ul"] for t in tables if "is_ul" in t.colnames] or [False], axis=0)
    logarithm = np.log if value == "intensity" else np.asarray
    base, *values = (logarithm(np.where(limited, 1.0, table[value])) for table in tables)
    result = Table(first, copy=True)
    for name, shifted in zip(hadronic_columns(len(tables)), values, strict=True):
        result[name] = Column(shifted - base)
    result.meta["hadronic_models"] = models
    return result


def _value_column(table):
    """Name of the values, after which their errors are named; None if there are none."""
    return next((name for name in table.colnames if f"{name}_stat_errn" in table.colnames), None)


def _require_alike(first, other):
    """Refuse tables of other quantities, or at other energies."""
    names = [table.meta.get("name", "<table>") for table in (first, other)]
    pair = f"tables {names[0]!r} and {names[1]!r}"
    for key in ("experiment", "quantity", "axis"):
        values = [table.meta.get(key) for table in (first, other)]
        if values[0] != values[1]:
            raise TableError(
                f"{pair}: expected the same {key}, got {values[0]!r} and {values[1]!r}; join "
                "tables that differ in the hadronic model alone"
            )
    column = next((name for name in ("rigidity", "energy") if name in first.colnames), None)
    if column is None or _value_column(first) is None:
        raise TableError(
            f"table {names[0]!r}: expected the columns of a spectrum or of <ln A>, it has "
            f"{', '.join(first.colnames)}; {_READ_IT}"
        )
    x, y = (np.asarray(table[column], dtype=float) for table in (first, other))
    if x.shape != y.shape or not np.allclose(x, y, rtol=1e-6, atol=0):
        raise TableError(
            f"{pair}: expected the same {column} in each row, for the models are compared point "
            "by point; leave out rows that one of them lacks"
        )


def shift_coefficients(shifts):
    """Coefficients of h, h^2, ..., h^k from the shifts at h = 1, 2, ..., k, shape ``(k, n)``."""
    nodes = np.arange(1.0, len(shifts) + 1)
    return np.linalg.solve(nodes[:, np.newaxis] ** nodes, np.asarray(shifts, dtype=float))


def prediction_shift(coefficients, position):
    """Shifts of ln(intensity) or <ln A> of predictions, shape ``(..., n)``, at positions h.

    The measurement stays that of the first model: the signs are opposite to those of the tables.
    """
    total = np.zeros(coefficients.shape[-1])
    for row in coefficients[::-1]:
        total = (total + row) * position
    return -total
