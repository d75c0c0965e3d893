"""How often the source that was put into simulated data is the one that describes them best.

``python tests/benchmarks/injected_source.py --toys 10`` prints for each of some sources how many of
the toys, simulated from its best fit, it describes better than each of the others.
"""

import argparse

import numpy as np
from gammapy.modeling import Fit

import crlocal_plugin as crl
from crlocal_plugin.studies.sources import _lowest, _with_sources

NAMES = ["Geminga", "Monogem", "CygnusLoop", "Vela"]


def simulated_from(datasets, name):
    """Datasets with a source of the catalogue in the place of the paper's, at the best fit."""
    entry, sources = _with_sources(datasets, [name], ["r_perp"], {})
    likelihood = crl.JointLikelihood(entry)
    mean = {f"{name}.r_perp": next(iter(sources[0].spectral_models.values())).r_perp.prior.mu.value}
    likelihood.assign(_lowest(likelihood, mean, 0).theta)
    return entry


def main(n_toys, names, n_jobs):
    """Print the table."""
    datasets = crl.load_datasets("xue-liu-2025")
    datasets.models = [crl.xue_liu_2025()]
    Fit(backend="least-squares").run(datasets)
    for name in names:
        truth, found, margins = simulated_from(datasets, name), 0, []
        for seed in range(n_toys):
            toy = truth.copy()
            toy.fake(seed)
            toy.models = datasets.models.copy()
            table = crl.compare_sources(toy, names, n_starts=0, n_jobs=n_jobs, progress=False)
            totals = {row["sources"]: row["total"] for row in table if row["sources"] in names}
            margins.append(min(v for k, v in totals.items() if k != name) - totals[name])
            found += margins[-1] > 0
        margin = f"next best {np.median(margins):+.1f} in the median, {min(margins):+.1f} at least"
        print(f"{name:12} found in {found} of {n_toys}; {margin}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--toys", type=int, default=10)
    parser.add_argument("--names", nargs="*", default=NAMES)
    parser.add_argument("--jobs", type=int, default=None)
    options = parser.parse_args()
    main(options.toys, options.names, options.jobs)
