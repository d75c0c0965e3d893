"""What a fit came to: messages and exit code."""

import sys


def exit_code(result):
    """Tell what of a fit has failed, if anything has.

    Parameters
    ----------
    result : `~gammapy.modeling.FitResult`
        Result of the fit.

    Returns
    -------
    int
        Exit code of the command: 1 if the fit did not converge, 0 otherwise. A minimum without
        errors is one.
    """
    optimisation, covariance = result.optimize_result, result.covariance_result
    if covariance is not None and not covariance.success:
        print(
            f"crlocal: warning: the errors of the fit could not be computed: {covariance.message}",
            file=sys.stderr,
        )
    if optimisation.success:
        return 0
    print(f"crlocal: warning: the fit did not converge: {optimisation.message}", file=sys.stderr)
    return 1
