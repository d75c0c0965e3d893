"""Compare models by how well they describe the same data."""

import numpy as np
from astropy.table import MaskedColumn, Table
from gammapy.modeling import Fit
from scipy.stats import chi2, norm

from ..datasets.core import CosmicRayDataset
from ..likelihood.backends import LEAST_SQUARES
from ..likelihood.joint_likelihood import JointLikelihood
from ..likelihood.priors import is_gaussian
from ..models.cosmic_ray import CosmicRayModel
from ..posterior.nested import nested_sample
from ..posterior.prior_distributions import PriorDistributions, measurements_only
from ..progress import progress_bar

AT_LIMIT = 1e-3  # distance from a limit, in standard deviations, up to which a parameter sits at it


def compare_models(
    entries,
    evidence=False,
    n_live=400,
    n_steps=None,
    max_calls=None,
    random_state=None,
    allow_unconverged=False,
    n_starts=0,
    progress=None,
):
    """Fit models to the same data, and compare them.

    Every entry is fitted in place with the back end "least-squares", from where its parameters are,
    or from random starts. Gaussian priors count as measurements: their pulls are in ``prior`` and
    ``total``, and they add to the number of data in AICc and BIC. Other priors count for the
    evidence alone.

    A likelihood ratio is given where Wilks' theorem holds: against the largest other entry with the
    same components, settings, frozen values, limits and priors and fewer free parameters, if none
    is at a limit. For other models compare criteria or evidences.

    Parameters
    ----------
    entries : dict of str to CosmicRayDatasets
        Datasets with models, by a name for each. The data must be the same, the models different.
    evidence : bool, optional
        Compute evidences too, for which every free parameter needs a proper prior, the same in
        all entries if they are to be compared.
    n_live, n_steps, max_calls, random_state : optional
        As for `~crlocal_plugin.nested_sample`.
    allow_unconverged : bool, optional
        Accept evidences that have not converged.
    n_starts : int, optional
        Starts of each fit, see `~crlocal_plugin.CosmicRayDatasets`; by default the one from the
        present values alone.
    progress : callable or bool, optional
        Called with 1 after each fit; otherwise as for `~crlocal_plugin.scan_profiles`.

    Returns
    -------
    `~astropy.table.Table`
        A row per entry: ``name``; ``chi2`` of the data, ``prior`` and ``total``; numbers of
        ``free`` parameters and of ``data``; ``AIC``, ``AICc``, ``BIC`` and how far each is above
        the best; with evidences ``ln_evidence``, its error and ``ln_bayes_factor`` against the
        best; with nested models ``nested``, the entry that is compared with, ``lr``, ``lr_free``
        and ``significance`` in standard deviations, masked where there is none.

    Raises
    ------
    ValueError
        If there are fewer than two entries, data differ, models are shared, a fit does not
        converge, or a prior is not proper and evidences are asked for.
    """
    entries = dict(entries)
    if len(entries) < 2:
        raise ValueError(f"expected two models or more to compare, got {len(entries)}")
    _check_data(entries)
    _check_models(entries)
    if evidence:
        _check_priors(entries)
    rows = []
    with (
        measurements_only(par for datasets in entries.values() for par in datasets.parameters),
        progress_bar(len(entries), "comparing", "models", progress) as update,
    ):
        for name, datasets in entries.items():
            rows.append(_row(name, datasets, n_starts))
            update(1)
        table = Table(rows=rows)
        ratios = _ratios(table, entries)
    for criterion in ("AIC", "AICc", "BIC"):
        table[f"delta_{criterion}"] = table[criterion] - np.min(table[criterion])
    if evidence:
        # one bar shows the progress of all
        options = n_live, n_steps, max_calls, np.random.default_rng(random_state), False
        found = []
        with progress_bar(
            len(entries), "evidences", "models", False if callable(progress) else progress
        ) as update:
            for entry in entries.items():
                found.append(_evidence(*entry, allow_unconverged, options))
                update(1)
        table["ln_evidence"], table["ln_evidence_error"] = np.array(found).T
        table["ln_bayes_factor"] = table["ln_evidence"] - np.max(table["ln_evidence"])
    for column, values in ratios.items():
        table[column] = values
    for column in table.colnames[1:]:
        if table[column].dtype.kind == "f":
            table[column].format = ".2f"
    return table


def _row(name, datasets, n_starts):
    """Fit an entry."""
    free = len(datasets.parameters.free_parameters)
    if not free:
        raise ValueError(f"{name}: no parameter is free, there is nothing to fit")
    datasets.n_starts = n_starts
    result = Fit(backend=LEAST_SQUARES).run(datasets)
    if not result.optimize_result.success:
        raise ValueError(f"{name}: the fit did not converge ({result.optimize_result.message})")
    priors = sum(par.prior is not None and is_gaussian(par.prior) for par in datasets.parameters)
    priors += sum(len(prior.parameters) for prior in datasets.correlated_priors)
    data = sum(dataset.info_dict()["n_fit"] for dataset in datasets)
    likelihood, total = datasets.stat_sum_likelihood(), np.sum(datasets.residuals() ** 2)
    aic, n = total + 2 * free, data + priors
    return {
        "name": name,
        "chi2": float(likelihood),
        "prior": float(total - likelihood),
        "total": float(total),
        "free": free,
        "data": int(data),
        "AIC": float(aic),
        "AICc": float(aic + 2 * free * (free + 1) / (n - free - 1)) if n > free + 1 else np.inf,
        "BIC": float(total + free * np.log(n)),
    }


def _evidence(name, datasets, allow_unconverged, options):
    """ln(evidence) of an entry and its error."""
    posterior = nested_sample(datasets, *options)
    try:
        posterior.check(allow_unconverged)
    except ValueError as error:
        raise type(error)(f"{name}: {error}") from error
    return posterior.log_evidence


# --------------------------------------------------------------------- what can be compared


def _check_priors(entries):
    """Refuse entries that have no evidence."""
    for name, datasets in entries.items():
        improper = ", ".join(PriorDistributions(JointLikelihood(datasets)).improper)
        if improper:
            raise ValueError(
                f"{name}: {improper} have no proper prior, which evidences need: call "
                "set_proper_priors(datasets)"
            )


def _check_data(entries):
    """Refuse entries whose data are not the same."""
    first, reference = next(iter(entries.items()))
    known = {dataset.name: dataset for dataset in reference}
    for name, datasets in entries.items():
        foreign = ", ".join(d.name for d in datasets if not isinstance(d, CosmicRayDataset))
        if foreign:
            what = f"{foreign} are not datasets of this package"
            raise ValueError(f"{name}: {what}, and cannot be compared")
        apart = ", ".join(sorted(known.keys() ^ {dataset.name for dataset in datasets}))
        if apart:
            what = f"{first!r} and {name!r} have different datasets"
            raise ValueError(f"{what}: only one of them has {apart}")
        for dataset in datasets:
            difference = _difference(known[dataset.name], dataset)
            if difference:
                raise ValueError(
                    f"dataset {dataset.name!r} is not the same in {first!r} and {name!r}: "
                    f"{difference} differs; models are compared on the same data"
                )


def _difference(one, other):
    """What tells two datasets apart, or an empty text."""
    settings = one.settings_to_data(), other.settings_to_data()
    if type(one) is not type(other) or len(one.table) != len(other.table):
        return "the table"
    if one.x.unit != other.x.unit or not np.array_equal(one.x.value, other.x.value):
        return one.x.info.name or "the axis"
    for name in sorted({*settings[0], *settings[1]} - {"energy_range", "mask_fit"}):
        if settings[0].get(name) != settings[1].get(name):
            return name
    for name in ("mask_fit", "mask_safe"):
        masks = (getattr(dataset, name) for dataset in (one, other))
        full = (np.full(one.data_shape, True) if mask is None else mask for mask in masks)
        if not np.array_equal(*full):
            return name
    for name, values in vars(one.data).items():
        for a, b in zip(np.atleast_1d(values), np.atleast_1d(vars(other.data)[name]), strict=True):
            if not np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f"):
                return f"{name.strip('_')} of the data"
    return ""


def _check_models(entries):
    """Refuse entries of which one fit would change the parameters of another."""
    owners = {}
    for name, datasets in entries.items():
        for par in datasets.parameters:
            other = owners.setdefault(id(par), name)
            if other != name:
                raise ValueError(
                    f"{other!r} and {name!r} share the parameter {par.name}: give each entry "
                    "datasets and a model of its own"
                )


# --------------------------------------------------------------------- nested models


def _ratios(table, entries):
    """Columns of likelihood ratios of nested entries, if there are any."""
    rows = {row["name"]: row for row in table}
    inside = [name for name, datasets in entries.items() if not _at_limit(datasets)]
    against = {}
    for name in inside:
        smaller = [other for other in inside if is_nested(entries[other], entries[name])]
        against[name] = max(smaller, key=lambda other: rows[other]["free"], default="")
    nested = [against.get(name, "") for name in entries]
    if not any(nested):
        return {}
    pairs = [(rows[other or name], rows[name]) for name, other in zip(entries, nested, strict=True)]
    ratio = np.array([few["total"] - many["total"] for few, many in pairs])
    more = np.array([many["free"] - few["free"] for few, many in pairs])
    # of a normal distribution with both tails
    significance = norm.isf(chi2.sf(np.maximum(ratio, 0.0), np.maximum(more, 1)) / 2)
    columns = {"nested": nested, "lr": ratio, "lr_free": more, "significance": significance}
    mask = [not other for other in nested]
    return {name: MaskedColumn(values, mask=mask) for name, values in columns.items()}


def is_nested(smaller, larger):
    """Whether a model is a special case of another: some of its free parameters are fixed (bool).

    Components, settings and priors are the same; free parameters of the smaller one are free in
    the larger one with the same limits, others have the same values or are frozen inside them.
    """
    (components, few), (others, many) = _described(smaller), _described(larger)
    if components != others or few.keys() != many.keys():
        return False
    pairs = [(par, many[key]) for key, par in few.items()]
    extra = any(par.frozen and not other.frozen for par, other in pairs)
    return extra and all(_is_special_case(*pair) for pair in pairs)


def _is_special_case(par, other):
    """Whether the parameter of a larger model can do what this one does."""
    if par.unit != other.unit or _prior(par) != _prior(other):
        return False
    if other.frozen:
        return par.frozen and par.value == other.value
    if par.frozen:
        return not (par.value <= other.min or par.value >= other.max)
    return np.array_equal([par.min, par.max], [other.min, other.max], equal_nan=True)


def _described(datasets):
    """Components of models without values; all parameters, in use or not, by model and label."""
    components, parameters = [], {}
    models = [model for model in datasets.models if isinstance(model, CosmicRayModel)]
    for number, model in enumerate(models):
        content = model.described()
        components.append((content["components"], content.get("penalties")))
        labels = model.parameters_unique_names
        parameters |= {(number, x): p for x, p in zip(labels, model.parameters, strict=True)}
    for model in datasets.nuisance_models():
        parameters |= {(model.name, par.name): par for par in model.parameters}
    return components, parameters


def _prior(par):
    """Shape and numbers of a prior."""
    return None if par.prior is None else par.prior.to_dict(full_output=True)


def _at_limit(datasets):
    """Whether a free parameter sits at a limit, where a likelihood ratio is no chi-square."""
    for par in datasets.parameters.free_parameters:
        distance = np.nanmin([par.value - par.min, par.max - par.value, np.inf])
        if not distance > AT_LIMIT * par.error or not par.error > 0:
            return True
    return False
