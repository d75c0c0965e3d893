"""Which sources near the Sun describe the data, one by one and together."""

import logging
from itertools import combinations

import astropy.units as u
import numpy as np
from astropy.table import Table
from scipy.integrate import quad

from ..components.parameters import DEFINITIONS
from ..components.source_catalogue import find_source, source_catalogue
from ..likelihood.descent import minimise
from ..likelihood.joint_likelihood import JointLikelihood
from ..likelihood.minima.search import find_minima
from ..models.cosmic_ray import CosmicRayModel
from ..models.nearby_sources import nearby_source
from ..posterior.adaptive.samples import adaptive_samples
from ..posterior.density import PosteriorDensity, likelihoods
from ..posterior.nested import nested_sample
from ..posterior.prior_distributions import measurements_only, set_proper_priors
from ..progress import progress_bar
from ..work.parallel import run_parallel

log = logging.getLogger(__name__)

PAPER = "nearby"
"""Component of the paper's source."""

_START = DEFINITIONS["r_perp"].value
_WEAKEST, _STRONGEST = 1e-4, 10.0
_SCATTER = 1.0  # largest one of ln(evidence) among trials


def compare_sources(
    datasets,
    names=None,
    n=1,
    free=("r_perp",),
    n_starts=None,
    evidence=False,
    n_live=400,
    random_state=None,
    n_jobs=None,
    progress=None,
    **settings,
):
    """Fit the sources of the catalogue in the place of the paper's nearby source.

    Every fit starts from the present values. The strengths of sources start from that of the
    paper's times (age of one / of the other)^1.5, in equal shares. A free ``r_perp`` starts from
    half of, once and twice 18.5 pc times the square root of that ratio, and from the mean of its
    prior, where there is nothing left of most sources. Random starts follow, and starts from what
    the three lowest minima have in common with a fit. The lowest minimum counts. Nothing in the
    models changes.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with a `CosmicRayModel` that has the component "nearby", at best after a fit.
    names : list of str, optional
        Names in `source_catalogue`, by default all.
    n : int or range, optional
        How many sources there are together, or several such numbers; 1 to 3.
    free : sequence of str, optional
        Parameters of each source that are free within their priors: "T_n", "r_par", "r_perp".
    n_starts : int, optional
        Further starts of each fit, 0 for none; by default 40 to 200, about a second.
    evidence : bool or {"adaptive", "nested"}, optional
        Compute evidences too: by the method "adaptive" of `~crlocal_plugin.sample`, about a
        minute each, or True for that, or by `~crlocal_plugin.nested_sample`, some ten minutes.
        Strengths of nearby sources get a prior uniform in the logarithm from 1e-4 to 10 times that
        of the paper, 1e46 to 1e51 erg, and other free parameters without a prior that of
        `set_proper_priors`, before the fits.
    n_live : int, optional
        Of `~crlocal_plugin.nested_sample`.
    random_state : int or `~numpy.random.Generator`, optional
        Seed or source of random numbers of evidences.
    n_jobs, progress : optional
        As for `~crlocal_plugin.scan_profiles`.
    **settings : dict
        Of `nearby_source`, for all of them, such as ``injection="decay"``.

    Returns
    -------
    `~astropy.table.Table`
        A row for each set of sources, for the paper's source and for none, the lowest total first:
        ``sources``; ``chi2`` of the data, ``prior`` and ``total``; ``change`` of the total beside
        that without a source; number of ``free`` parameters; ``energy`` of the cosmic rays of each
        source above 1 GV in erg; ``pull`` of each ``r_perp`` that is free, in standard deviations
        of its prior; whether the descent, and the samples behind an evidence, have ``converged``;
        with evidences ``ln_evidence``, its error, and the ``odds`` of each row against
        the best, for equal odds before. Where no draws of "adaptive" can be trusted, the evidence
        is the median of eight trials, nan if they scatter by more than 1, its error that scatter,
        and the row has not converged.

    Raises
    ------
    ValueError
        If a name or n is not known, a model is missing, or the statistic is not a sum of squares.
    """
    names = [find_source(name)["name"] for name in names or source_catalogue()["name"]]
    numbers = sorted({n} if isinstance(n, int) else set(n))
    if not numbers or not set(numbers) <= {1, 2, 3}:
        raise ValueError(f"n is {n}: expected how many sources there are together, 1 to 3")
    if evidence not in (True, False, "adaptive", "nested"):
        raise ValueError(f"evidence {evidence!r}: expected True, False, 'adaptive' or 'nested'")
    wrong = sorted(set(free) - {"T_n", "r_par", "r_perp"})
    if wrong:
        raise ValueError(f"free: expected some of T_n, r_par, r_perp, not {', '.join(wrong)}")
    sets = [chosen for k in numbers for chosen in combinations(dict.fromkeys(names), k)]
    entries = [_with_sources(datasets, chosen, free, settings) for chosen in (None, (), *sets)]
    if evidence:
        for entry, sources in entries:
            set_proper_priors(entry, ranges=_strengths(entry, sources))
    with measurements_only(par for entry, _ in entries for par in entry.parameters):
        targets = [JointLikelihood(entry) for entry, _ in entries]
        inputs = [
            (target, _first_starts(target, _r_perp(sources)), n_starts)
            for target, (_, sources) in zip(targets, entries, strict=True)
        ]
        minima = run_parallel(_lowest, inputs, n_jobs, None, progress, "comparing sources", "fits")
        if n_starts != 0:
            inputs = [
                (target, _starts_of_others(number, targets, minima), 0)
                for number, target in enumerate(targets)
            ]
            minima = run_parallel(_lowest, inputs, n_jobs, None, False, "starting again", "fits")
    rows = []
    for (_, sources), likelihood, minimum in zip(entries, targets, minima, strict=True):
        likelihood.assign(minimum.theta)
        chi2 = -2 * float(likelihood.log_likelihood(minimum.theta))
        pulls = [_pull(source) for source in sources if source.name != PAPER]
        rows.append(
            {
                "sources": ", ".join(source.name for source in sources) or "none",
                "chi2": chi2,
                "prior": minimum.stat - chi2,
                "total": minimum.stat,
                "change": minimum.stat - minima[1].stat,
                "free": likelihood.size,
                "energy": ", ".join(f"{injected_energy(source):.1e}" for source in sources),
                "pull": ", ".join(f"{pull:+.1f}" for pull in pulls if "r_perp" in free),
                "converged": minimum.success,
            }
        )
    if evidence:
        total, shown = len(entries), False if callable(progress) else progress
        with progress_bar(total, "evidences", "models", shown) as update:
            for row, (entry, _) in zip(rows, entries, strict=True):
                found = _evidence(entry, evidence == "nested", n_live, random_state, n_jobs)
                row["ln_evidence"], row["ln_evidence_error"], converged = found
                row["converged"] = row["converged"] and converged
                update(1)
    table = Table(rows=rows)
    if evidence:
        table["odds"] = np.exp(table["ln_evidence"] - np.nanmax(table["ln_evidence"]))
    table.sort("total")
    for column in table.colnames:
        if table[column].dtype.kind == "f":
            table[column].format = ".2g" if column == "odds" else ".1f"
    return table


def _evidence(entry, is_nested, n_live, random_state, n_jobs):
    """ln(evidence), its error, and whether it can be trusted."""
    for par in entry.parameters.free_parameters:
        # fits know no limits of priors
        par.value = np.fmin(np.fmax(par.value, par.min), par.max)
    if is_nested:
        posterior = nested_sample(entry, n_live, None, None, random_state, False)
        return *posterior.log_evidence, posterior.converged
    likelihood, fit = likelihoods(entry)
    rng, trials = np.random.default_rng(random_state), []
    density = PosteriorDensity(likelihood)
    found = adaptive_samples(density, likelihood, fit, rng, log.info, n_jobs, trials)
    if found is None:
        scatter = np.std(trials)
        return (np.median(trials) if scatter < _SCATTER else np.nan), scatter, False
    return *found.log_evidence, True


def _strengths(entry, sources):
    """Ranges of the strengths of nearby sources, the same for all of them, by label."""
    published = {
        id(spectrum.Q_0n): type(spectrum)(spectrum.nucleus).Q_0n.quantity
        for source in sources
        for spectrum in source.spectral_models.values()
    }
    pairs = zip(entry.parameters.labels, entry.parameters, strict=True)
    known = {label: published[id(par)] for label, par in pairs if id(par) in published}
    return {label: (_WEAKEST * Q, _STRONGEST * Q) for label, Q in known.items()}


def _with_sources(datasets, names, free, settings):
    """Copy of datasets with other sources in their model, and these; None for the paper's."""
    datasets = datasets.copy()
    models = [m for m in datasets.models or () if PAPER in getattr(m, "components", ())]
    if len(models) != 1:
        raise ValueError(
            f"expected datasets with one CosmicRayModel that has the component {PAPER!r}, such as "
            f"xue_liu_2025(), got {len(models)}"
        )
    (model,) = models
    paper = model.components[PAPER]
    if names is None:
        return datasets, [paper]
    sources = [nearby_source(name, model, **settings) for name in names]
    for source in sources:
        for species, spectrum in source.spectral_models.items():
            strength = paper.spectral_models[species].Q_0n
            # J is a function of Q T^(-3/2) and r^2 / T
            age = (spectrum.T_n.quantity / paper.spectral_models[species].T_n.quantity).to_value("")
            spectrum.Q_0n.quantity = strength.quantity * age**1.5 / len(names)
            spectrum.Q_0n.frozen = strength.frozen
            for name in free:
                getattr(spectrum, name).frozen = False
            if "r_perp" in free:
                spectrum.r_perp.value = _START * age**0.5
    others = [component for component in model.components.values() if component is not paper]
    new = CosmicRayModel([*others, *sources], model.name, model.datasets_names)
    datasets.models = [new if other is model else other for other in datasets.models]
    return datasets, sources


def _r_perp(sources):
    """Means of the priors on the free r_perp of sources, by label."""
    pars = {source.name: _of(source) for source in sources if source.name != PAPER}
    return {f"{x}.r_perp": par.prior.mu.value for x, par in pars.items() if not par.frozen}


def _of(source):
    """The r_perp of a source."""
    return next(iter(source.spectral_models.values())).r_perp


def _pull(source):
    r_perp = _of(source)
    return (r_perp.value - r_perp.prior.mu.value) / r_perp.prior.sigma.value


def _first_starts(likelihood, means):
    """Values with several distances of the sources across the field, which have these means."""
    places = [likelihood.names.index(label) for label in means]
    starts = np.tile(likelihood.values, (4 if means else 1, 1))
    starts[:3, places] *= np.array([1, 0.5, 2])[: len(starts), np.newaxis]
    starts[3:, places] = list(means.values())
    return starts


def _starts_of_others(number, likelihoods, minima):
    """Values of a minimum, and first values with what the best three others have in common."""
    likelihood, starts = likelihoods[number], [minima[number].theta]
    best = sorted(range(len(minima)), key=lambda k: minima[k].stat)
    for other in [k for k in best if k != number][:3]:
        known = dict(zip(likelihoods[other].names, minima[other].theta, strict=True))
        pairs = zip(likelihood.names, likelihood.values, strict=True)
        starts.append([known.get(name, value) for name, value in pairs])
    return starts


def _lowest(likelihood, starts, n_starts):
    """Lowest minimum from starts, and from others at random."""
    ends = [minimise(likelihood, np.array(start)) for start in starts]
    if n_starts != 0 and likelihood.size:
        known = find_minima(likelihood, n_starts, 0, [end.theta for end in ends])
        ends.append(minimise(likelihood, known.theta[0]))
    return min(ends, key=lambda end: end.stat)


def injected_energy(source):
    """Kinetic energy of the particles of a nearby source above 1 GV in erg (float)."""
    total = 0.0
    for spectrum in source.spectral_models.values():
        nucleus, cut = spectrum.nucleus, spectrum.R_cut.quantity.to_value("GV")
        index = spectrum.Gamma.value + spectrum.index_offset.value

        def per_log_rigidity(log_R, nucleus=nucleus, cut=cut, index=index):
            R = np.exp(log_R)
            kinetic = np.hypot(nucleus.Z * R, nucleus.rest_energy) - nucleus.rest_energy
            return R ** (1 - index) * np.exp(-R / cut) * kinetic

        integral, _ = quad(per_log_rigidity, 0, np.log(30 * cut), limit=200)
        total += spectrum.Q_0n.quantity.to_value("GV-1") * integral
    return u.Quantity(total, "GeV").to_value("erg")
