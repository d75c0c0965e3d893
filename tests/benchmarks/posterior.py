"""Posteriors of the default selection by several methods, and their calibration.

``python tests/benchmarks/posterior.py [--methods adaptive emcee] [--datasets xue-liu-2025]`` prints
processor time, ln(evidence) and intervals; ``--toys 50`` the ranks of simulation-based calibration
(Talts et al. 2018) of strengths, index and modulation of the proton spectrum, and their p-values.
"""

import argparse
import time

import numpy as np
from scipy.stats import kstest

import crlocal_plugin as crl

SHOWN = ("V_sun", "x", "D_0", "R_cutc", "delta_b")
FREE = ["H.Q_0b", "H.Q_0n", "Gamma", "phi"]


def compare(names, methods, seed):
    """Print what methods say of the posterior of a selection."""
    for method in methods:
        datasets = crl.load_datasets(names)
        datasets.models = [crl.xue_liu_2025()]
        crl.set_proper_priors(datasets)
        start, clock = time.process_time(), time.perf_counter()
        posterior = crl.sample(datasets, method, random_state=seed)
        spent = time.process_time() - start, time.perf_counter() - clock
        print(f"\n{method}: {spent[0]:.1f} s of processor time, {spent[1]:.1f} s, {posterior!r}")
        print(posterior.info["sampler"], "ln(evidence)", posterior.log_evidence)
        summary = posterior.summary(allow_unconverged=True)
        print(summary[np.isin(summary["name"], SHOWN)])


def calibrate(n_toys, seed):
    """Print p-values of the ranks of true values among samples, for toys drawn from the prior."""
    rng, ranks = np.random.default_rng(seed), []
    datasets = crl.load_datasets(["dampe_h"])
    model = crl.xue_liu_2025(priors=None)
    datasets.models = [model]
    model.freeze()
    crl.free_parameters(datasets, FREE)
    crl.set_proper_priors(datasets, factor=1.5, ranges={"Gamma": (2.4, 2.8)})
    density, likelihood = crl.PosteriorDensity(datasets), crl.JointLikelihood(datasets)
    for _ in range(n_toys):
        truth = density.prior_draws(1, rng)[0]
        toy = likelihood.fake(truth, rng)
        # simulated data have no models, and the priors are those of the parameters
        toy.parameters = likelihood.parameters
        posterior = crl.sample(toy, random_state=rng)
        ranks.append(np.mean(posterior.samples < truth, axis=0))
    for name, column in zip(density.names, np.transpose(ranks), strict=True):
        counts = np.histogram(column, bins=10, range=(0, 1))[0]
        print(f"{name:10} {counts} p = {kstest(column, 'uniform').pvalue:.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", default="xue-liu-2025")
    parser.add_argument("--methods", nargs="*", default=["adaptive", "emcee"])
    parser.add_argument("--toys", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.toys:
        calibrate(arguments.toys, arguments.seed)
    else:
        compare(arguments.datasets, arguments.methods, arguments.seed)
