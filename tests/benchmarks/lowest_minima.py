"""How often a fit ends in the lowest minimum: random subsets of the catalogue, perturbed starts.

``python tests/benchmarks/lowest_minima.py --subsets 10 --fits 10`` prints a row for each subset:
the lowest total that 200 full descents from random starts and all fits have led to, and how many of
the fits, each from a perturbed start, ended within 0.5 of it. It takes some minutes. Seconds are
those of processor time: set ``OPENBLAS_NUM_THREADS=1``, for threads that wait count too.
"""

import argparse
import time
import warnings

import numpy as np
from astropy.table import Table
from gammapy.modeling import Fit

import crlocal_plugin as crl
from crlocal_plugin.likelihood.descent import minimise
from crlocal_plugin.likelihood.minima.batch import Descents
from crlocal_plugin.studies.starts import _draw_starts

WITHIN = 0.5
"""How far above the lowest total a fit may end."""


def random_subset(rng):
    """Names of two to six spectra of hydrogen and helium, and of one to five dipoles."""
    catalogue = crl.catalog()
    spectra = [r["name"] for r in catalogue if r["quantity"] in ("H", "He")]
    dipoles = [r["name"] for r in catalogue if r["kind"] == "dipole"]
    chosen = rng.choice(spectra, rng.integers(2, 7), replace=False)
    return [*chosen, *rng.choice(dipoles, rng.integers(1, 6), replace=False)]


def prepared(names):
    """Datasets with the default model."""
    datasets = crl.load_datasets([str(name) for name in names], allow_overlap=True)
    datasets.models = [crl.xue_liu_2025()]
    return datasets


def lowest_of_descents(likelihood, n_starts, rng):
    """Lowest total of full descents: half of the starts are close by, half wide."""
    starts = [_draw_starts(likelihood, n_starts // 2, spread, rng) for spread in (0.3, 1.0)]
    descents = Descents(likelihood)
    descents.add(np.concatenate(starts))
    theta, stat = descents.finish(300)
    lowest = theta[np.argsort(stat)[:3]]
    return min(minimise(likelihood, values).stat for values in lowest)


def totals_of_fits(datasets, n_fits, rng, spread=0.3):
    """Totals of fits from perturbed starts, and the median of the seconds that they take."""
    likelihood, totals, seconds = crl.JointLikelihood(datasets), [], []
    for start in _draw_starts(likelihood, n_fits, spread, rng):
        # a search that has been made would be remembered
        datasets.search = None
        likelihood.assign(start)
        begin = time.process_time()
        totals.append(Fit(backend="least-squares").run(datasets).total_stat)
        seconds.append(time.process_time() - begin)
    return np.array(totals), np.median(seconds)


def table(n_subsets, n_fits, n_starts=200, seed=0):
    """Row for each subset, see above."""
    rng, rows = np.random.default_rng(seed), []
    while len(rows) < n_subsets:
        names = random_subset(rng)
        try:
            datasets = prepared(names)
            likelihood = crl.JointLikelihood(datasets)
        except ValueError:
            # a dipole of which nobody knows what was in view
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reference = lowest_of_descents(likelihood, n_starts, rng)
            totals, seconds = totals_of_fits(datasets, n_fits, rng)
        lowest = min(reference, totals.min())
        rows.append(
            {
                "tables": len(names),
                "numbers": sum(d.info_dict()["n_fit"] for d in datasets),
                "descents": reference,
                "best fit": totals.min(),
                "worst fit": totals.max(),
                "within of descents": int(np.sum(totals < reference + WITHIN)),
                "within of lowest": int(np.sum(totals < lowest + WITHIN)),
                "s per fit": seconds,
                "names": " ".join(names),
            }
        )
        print(rows[-1], flush=True)
    result = Table(rows=rows)
    for name in ("descents", "best fit", "worst fit", "s per fit"):
        result[name].format = ".2f"
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subsets", type=int, default=10)
    parser.add_argument("--fits", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = table(options.subsets, options.fits, seed=options.seed)
    print("\n".join(found["tables", *found.colnames[1:-1]].pformat(max_width=-1)))
    for column in ("within of descents", "within of lowest"):
        print(f"{column}: {found[column].sum()} of {options.subsets * options.fits}")
