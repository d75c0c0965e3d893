"""How often the source that was put into simulated data is the one that describes them best.

``python tests/benchmarks/injected_source.py --toys 12`` prints for each of some sources how many of
the toys it describes with the lowest total, or the lowest chi2 of the data, to within 2. Its
distance across the field is drawn for each toy from its prior, up to where a source of its age
still counts: twice that of the paper, times the square root of the ages. All else follows by a fit.
"""

import argparse

import numpy as np
from gammapy.modeling import Fit
from scipy.stats import truncnorm

import crlocal_plugin as crl

NAMES = ["Geminga", "Monogem", "CygnusLoop", "Vela"]
FARTHEST = 37.0  # twice the r_perp of the paper, in pc, for its age in yr
AGE = 3.42e5
ALIKE = 2.0
WHAT = ("total", "chi2")


def with_source(datasets, name):
    """Copy of datasets with a source of the catalogue for the paper's, and one spectrum."""
    model = datasets.models[0].copy()
    components = dict(model.components)
    paper, source = components.pop("nearby"), crl.nearby_source(name, model)
    for species, spectrum in source.spectral_models.items():
        strength = paper.spectral_models[species].Q_0n.quantity
        spectrum.Q_0n.quantity = strength * (spectrum.T_n.value / AGE) ** 1.5
        spectrum.Q_0n.frozen = False
    copied = datasets.copy()
    copied.models = [crl.CosmicRayModel([*components.values(), source], model.name)]
    return copied, source.spectral_models["H"]


def main(n_toys, names, n_jobs):
    """Print the table."""
    datasets = crl.load_datasets("xue-liu-2025")
    datasets.models = [crl.xue_liu_2025()]
    Fit(backend="least-squares").run(datasets)
    for name in names:
        truth, spectrum = with_source(datasets, name)
        r_perp, farthest = spectrum.r_perp, FARTHEST * np.sqrt(spectrum.T_n.value / AGE)
        mean, sigma = (getattr(r_perp.prior, part).value for part in ("mu", "sigma"))
        ends = (np.array([0.0, farthest]) - mean) / sigma
        above = []
        for seed in range(n_toys):
            r_perp.value = truncnorm(*ends, mean, sigma).rvs(random_state=seed)
            crl.lowest_minimum(truth)
            toy = truth.copy()
            toy.fake(seed)
            toy.models = datasets.models.copy()
            table = crl.compare_sources(toy, names, n_jobs=n_jobs, progress=False)
            rows = [row for row in table if row["sources"] in names]
            (own,) = [row for row in rows if row["sources"] == name]
            above.append([own[what] - min(row[what] for row in rows) for what in WHAT])
        above = np.array(above)
        counts = np.sum(above == 0, axis=0), np.sum(above < ALIKE, axis=0)
        text = [
            f"{what} lowest in {first}, within {ALIKE:g} in {alike}, above by {middle:.1f} (median)"
            for what, first, alike, middle in zip(WHAT, *counts, np.median(above, 0), strict=True)
        ]
        print(f"{name:10} of {n_toys} toys: {'; '.join(text)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--toys", type=int, default=10)
    parser.add_argument("--names", nargs="*", default=NAMES)
    parser.add_argument("--jobs", type=int, default=None)
    options = parser.parse_args()
    main(options.toys, options.names, options.jobs)
