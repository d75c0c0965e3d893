"""
Sensitivity of the fit
======================

How strongly the result depends on priors, floors and choices of the likelihood.
"""

import warnings

import matplotlib.pyplot as plt
from gammapy.modeling import Fit

import crlocal_plugin as crl

CASES = {
    "default": {},
    "no priors": {"priors": None},
    "u_HC free too": {"free": ["u_HC"]},
    "u_HC, U, W free too": {"free": ["u_HC", "u_HC_ra", "u_HC_dec", "U_sun", "W_sun"]},
    "D_0 fixed at Table I": {"fix": ["D_0"]},
    "no floors": {"floors": None},
    "amplitude and phase": {"likelihood": "amplitude_phase"},
    "published amplitudes": {"apply_declination_factor": False},
    "IceCube x 1.54": {"with_factor": ["icecube-2016"]},
    "local index for C": {"compton_getting": "local"},
    "wandering": {"variant": "wandering"},
}


def in_full(dataset):
    """Make a dipole dataset with the declination factor of its field of view."""
    factor = crl.FieldOfView.of(dataset.experiment).declination_factor
    floors = {"floor": dataset.floor, "phase_floor": dataset.phase_floor}
    table = crl.read_catalog_table(dataset.name)
    return crl.DipoleDataset.read(table, name=dataset.name, declination_factor=factor, **floors)


def fit(
    variant="kinetic",
    priors="measured",
    compton_getting="constant",
    free=(),
    fix=(),
    with_factor=(),
    **data,
):
    """Fit one case and return its datasets, model and result."""
    model = crl.xue_liu_2025(variant, priors=priors, compton_getting=compton_getting)
    datasets = crl.load_datasets("xue-liu-2025", **data)
    datasets = crl.CosmicRayDatasets([in_full(d) if d.name in with_factor else d for d in datasets])
    datasets.models = [model]
    crl.free_parameters(datasets, free)
    crl.fix_parameters(datasets, fix)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
        return datasets, model, Fit().run(datasets)


# %%
# Each case is fitted from the values of Table I.

heads = ("V_sun [km/s]", "x [pc]", "D_0 [1e28 cm2/s]", "delta_b")
print(f"{'':22}{'chi2':>8}{'total':>8}  {''.join(f'{head:19}' for head in heads)}")
speeds = []
for name, options in CASES.items():
    datasets, model, result = fit(**options)
    remark = "" if result.optimize_result.success else "  NOT CONVERGED"
    remark += "" if result.covariance_result.success else "  (errors unreliable)"
    columns = [
        f"{par.value / scale:8.3g} +- {par.error / scale:<7.2g}"
        for par, scale in ((model.V_sun, 1), (model.x, 1), (model.D_0, 1e28), (model.delta_b, 1))
    ]
    speeds.append((model.V_sun.value, model.V_sun.error))
    print(
        f"{name:22}{datasets.stat_sum_likelihood():8.1f}{result.total_stat:8.1f}"
        f"{''.join(columns)}{remark}"
    )

# %%
# The solar motion in rotation, with the measurement that its prior is taken from.

values, errors = zip(*speeds, strict=True)
prior = crl.measured_prior("V_sun")
mean, width = prior.mu.quantity.to_value("km/s"), prior.sigma.quantity.to_value("km/s")
fig, ax = plt.subplots(layout="constrained")
ax.axvspan(mean - width, mean + width, color="0.85", label="measured, one standard deviation")
ax.errorbar(values, list(CASES), xerr=errors, fmt="ko")
ax.invert_yaxis()
ax.set_xlabel("V_sun [km / s]")
ax.legend()
