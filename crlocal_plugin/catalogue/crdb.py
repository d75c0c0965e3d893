"""Datasets from the cosmic-ray database CRDB (Maurin et al. 2023, EPJC 83, 971)."""

import contextlib
import inspect
import io
import sys
import warnings
from http.client import HTTPException

import numpy as np
from gammapy.datasets import DATASET_REGISTRY

from ..likelihood.collection import CosmicRayDatasets
from ..messages import close_name, unknown_name
from ..tables.kinds import KINDS
from ..tables.raw_table import RawTable, TableError
from ..tables.spectrum import EXPECTED_QUANTITY, QUANTITIES
from .crdb_rows import AXES, read_rows, rows_of
from .crdb_tables import DIPOLE, QUANTITY_NAMES, measurements

_SITE = "https://lpsc.in2p3.fr/crdb"
_INSTEAD = f"export the table at {_SITE} and read the file with read_crdb_export"


def read_crdb(
    quantity, *, experiment=None, energy_type="R", as_quantity=None, skip_invalid=False, **options
):
    """Read measured spectra or dipoles from the cosmic-ray database CRDB.

    Needs the package ``crdb``, which keeps answers on disk for 30 days (``crdb.clear_cache()``
    forgets them), and a network. Only measurements are asked for: sums and ratios of nuclei that
    CRDB combines would count events twice, and the models predict on every axis.

    Parameters
    ----------
    quantity : str or list of str
        Element symbol, "light" (H-He-group), "CNO" (CNO-group), "Ne-S" (NeMgSiS-group),
        "Fe-group", "all_particle" (AllParticles), "<LnA>", a ratio such as "B/C", or "dipole"
        (DipoleAmplitude and DipolePhase), for which the whole database is loaded, some hundred
        thousand rows.
    experiment : str, optional
        Experiment or sub-experiment, as here or in CRDB, "AMS-02" or "AMS02"; all by default.
    energy_type : {"R", "EK", "EKN", "ETOT"}, optional
        Axis of the publication: rigidity, kinetic energy, that per nucleon, total energy; of no
        effect for a dipole.
    as_quantity : str, optional
        What the data are taken for: "H" for "1H", which this package does not tell from it.
    skip_invalid : bool, optional
        Leave out tables that cannot be used, with a warning, instead of failing at the first.
    **options : dict
        More arguments of ``crdb.query``, such as ``time_series="only"``, ``time_start``,
        ``energy_stop``, ``modulation`` or ``timeout`` (s).

    Returns
    -------
    CosmicRayDatasets
        One dataset per sub-experiment and publication, without floors; those of one experiment
        share a nuisance model. They may share events, as releases of one measurement do: choose
        among them before a fit. The meta of a table has publication, dates and solar modulation.
        A limit counts as one at 95 %, and the amplitude of a dipole as that of a first harmonic,
        since CRDB does not say.

    Raises
    ------
    ImportError, ConnectionError
        If ``crdb`` is not installed; if CRDB cannot be reached, or does not answer in time.
    ValueError
        If CRDB does not know the quantity or has no data of it, or an argument is not valid; a
        TableError if a table cannot be used.
    """
    try:
        import crdb
    except ImportError as error:
        raise ImportError(
            f"CRDB needs its package: pip install 'crlocal_plugin[crdb]' ({error}); or {_INSTEAD}"
        ) from error
    _check_taken_for(as_quantity)
    energy_type = str(energy_type).upper()
    if energy_type not in AXES:
        why = "; a total energy per nucleon is no axis of this package" * (energy_type == "ETOTN")
        raise ValueError(f"energy_type: expected R, EK, EKN or ETOT, got {energy_type!r}{why}")
    names = _names(quantity)
    known = set(inspect.signature(crdb.query).parameters)
    known -= {"quantity", "energy_type", "flux_rescaling"}
    for name in sorted(set(options) - known):
        raise ValueError(f"read_crdb: {unknown_name(name, sorted(known), 'option ')}")
    options = {"combo_level": 0, "energy_convert_level": 0} | options
    records = []
    fluxes = [name for name in names if name not in DIPOLE]
    if fluxes:
        records.append(_ask(crdb.query, fluxes, energy_type=energy_type, **options))
    if len(fluxes) < len(names):
        everything = _ask(crdb.all, **{k: v for k, v in options.items() if k == "timeout"})
        records.append(everything[np.isin(everything["quantity"], DIPOLE)])
    found = [m for part in records if len(part) for m in measurements(rows_of(part), as_quantity)]
    return _datasets(f"CRDB, {energy_type}", found, names, experiment, skip_invalid)


def read_crdb_export(path, *, quantity=None, experiment=None, as_quantity=None, skip_invalid=False):
    """Read a file exported from the web site of CRDB, without its package and without a network.

    Parameters
    ----------
    path : path-like
        File in one of the forms "csv-asimport", "csv" and "usine".
    quantity : str or list of str, optional
        Quantities to read, named as in `read_crdb`; all by default.
    experiment, as_quantity, skip_invalid
        As in `read_crdb`.

    Returns
    -------
    CosmicRayDatasets
        As from `read_crdb`.

    Raises
    ------
    ValueError
        If nothing in the file is asked for; a TableError if the file or a table cannot be used.
    """
    _check_taken_for(as_quantity)
    rows = read_rows(path)
    names = None if quantity is None else _names(quantity)
    if names:
        available = ", ".join(dict.fromkeys(rows["quantity"]))
        rows = rows[np.isin(rows["quantity"], names)]
        if not len(rows):
            raise ValueError(f"{path}: no {', '.join(names)}; the file has {available}")
    found = measurements(rows, as_quantity)
    return _datasets(str(path), found, names, experiment, skip_invalid)


def _check_taken_for(as_quantity):
    if as_quantity is not None and as_quantity not in QUANTITIES:
        raise ValueError(f"as_quantity: expected {EXPECTED_QUANTITY}, got {as_quantity!r}")


def _names(quantity):
    quantities = np.atleast_1d(quantity).tolist()
    if not quantities or not all(isinstance(wanted, str) for wanted in quantities):
        raise ValueError(f"quantity: expected one or more names such as 'H', got {quantity!r}")
    names = []
    for wanted in quantities:
        # by either name
        names += [name for name, own in QUANTITY_NAMES.items() if own == wanted] or [wanted]
    return list(dict.fromkeys(names))


def _ask(question, *args, **options):
    """Answer of CRDB, or one line on why there is none."""
    try:
        # the package reports progress on stdout, and prints the traceback of an error of the
        # network before it raises another one
        with contextlib.redirect_stdout(sys.stderr), contextlib.redirect_stderr(io.StringIO()):
            return question(*args, **options)
    except (ConnectionError, TimeoutError, HTTPException) as error:
        what = "does not answer in time" if isinstance(error, TimeoutError) else "cannot be reached"
        raise ConnectionError(f"CRDB {what}; try again later, or {_INSTEAD}") from error
    except (ValueError, IndexError) as error:
        reason = " ".join(str(error).split()) or "an empty answer"
        raise ValueError(f"CRDB: {reason}; check the names and options, or {_INSTEAD}") from error


def _datasets(source, found, names, experiment, skip_invalid):
    wanted = ", ".join(names or ["data"])
    if not found:
        raise ValueError(
            f"{source}: no {wanted}; ask for another quantity or energy axis, that of the "
            "publication"
        )
    if experiment is not None:
        available = sorted({measurement.experiment for measurement in found}, key=str.lower)
        found = [measurement for measurement in found if measurement.goes_by(experiment)]
        if not found:
            close = close_name(experiment, available, cutoff=0.5)
            hint = f"did you mean {close!r}? " if close else ""
            raise ValueError(
                f"{source}: no {wanted} of {experiment!r}; {hint}expected one of "
                f"{', '.join(available)}"
            )
    datasets = []
    for measurement in found:
        try:
            raw = RawTable(measurement.table(), label=measurement.name)
            cls = DATASET_REGISTRY.get_cls(KINDS[measurement.kind].dataset)
            datasets.append(cls.read(raw, name=measurement.name))
        except TableError as error:
            if not skip_invalid:
                hint = "or leave such tables out by skip_invalid=True"
                raise TableError(f"{error}; {hint}") from None
            warnings.warn(f"left out: {error}", stacklevel=3)
    if not datasets:
        raise ValueError(f"{source}: no table of {wanted} can be used; the warnings say why")
    return CosmicRayDatasets(datasets)
