"""Fit, and tell what the fit came to."""

from ..likelihood.summary import verdict
from .terminal import tell


def first_fit(analysis, datasets):
    """Fit datasets before something else is done with them; result and exit code."""
    from gammapy.modeling import Fit

    result = Fit(backend=analysis.backend).run(datasets)
    return result, exit_code(result)


def exit_code(result):
    """Tell what of a fit has failed; 0 if it has not (``result.success``), else 1."""
    if result.success:
        return 0
    steps = (result.optimize_result, result.covariance_result)
    failed = [step.message for step in steps if step is not None and not step.success]
    tell(f"{verdict(result)}: {'; '.join(failed)}")
    return 1
