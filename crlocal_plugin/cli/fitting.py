"""Fit, and tell what the fit came to."""

from .terminal import tell


def first_fit(analysis, datasets):
    """Fit datasets before something else is done with them; result and exit code."""
    from gammapy.modeling import Fit

    result = Fit(backend=analysis.backend).run(datasets)
    return result, exit_code(result)


def exit_code(result):
    """Tell what of a fit has failed; 1 if it did not converge. A minimum without errors is one."""
    optimisation, covariance = result.optimize_result, result.covariance_result
    if covariance is not None and not covariance.success:
        tell(f"the errors of the fit could not be computed: {covariance.message}")
    if optimisation.success:
        return 0
    tell(f"the fit did not converge: {optimisation.message}")
    return 1
