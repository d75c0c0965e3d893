"""How strongly the fit depends on priors, floors and choices of the likelihood."""

import warnings

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
    "local index for C": {"compton_getting": "local"},
    "wandering": {"variant": "wandering"},
}


def fit(variant="kinetic", priors="measured", compton_getting="constant", free=(), fix=(), **data):
    """Fit one case and return its datasets, model and result."""
    model = crl.xue_liu_2025(variant, priors=priors, compton_getting=compton_getting)
    datasets = crl.load_datasets("xue-liu-2025", **data)
    datasets.models = [model]
    crl.free_parameters(datasets, free)
    crl.fix_parameters(datasets, fix)
    return datasets, model, Fit().run(datasets)


if __name__ == "__main__":
    warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
    heads = ("V_sun [km/s]", "x [pc]", "D_0 [1e28 cm2/s]", "delta_b")
    print(f"{'':22}{'chi2':>8}{'total':>8}  {''.join(f'{head:19}' for head in heads)}")
    for name, options in CASES.items():
        datasets, model, result = fit(**options)
        remark = "" if result.optimize_result.success else "  NOT CONVERGED"
        remark += "" if result.covariance_result.success else "  (errors unreliable)"
        columns = [
            f"{par.value / scale:8.3g} +- {par.error / scale:<7.2g}"
            for par, scale in (
                (model.V_sun, 1),
                (model.x, 1),
                (model.D_0, 1e28),
                (model.delta_b, 1),
            )
        ]
        print(
            f"{name:22}{datasets.stat_sum_likelihood():8.1f}{result.total_stat:8.1f}"
            f"{''.join(columns)}{remark}"
        )
