"""Fit, and tell what the fit came to."""

import contextlib

from .options import analysis_of
from .terminal import say, tell


def prepare(file=None, **options):
    """Read an analysis, and its datasets with their model."""
    from ..progress import progress_bar

    say("reading models and data ...")
    with progress_bar(None, "reading", ""):
        analysis = analysis_of(file, **options)
        return analysis, analysis.prepare()


def run_fit(analysis, datasets):
    """Fit datasets (`~gammapy.modeling.FitResult`)."""
    from gammapy.modeling import Fit

    from ..progress import progress_bar

    with progress_bar(None, "descent and errors", ""):
        return Fit(backend=analysis.backend).run(datasets)


def first_fit(analysis, datasets, then=""):
    """Fit datasets before something else is done with them; result and exit code."""
    if then:
        say("fitting ...")
    result = run_fit(analysis, datasets)
    if then:
        say(f"statistic {result.total_stat:.2f} at the best fit; {then} ...")
    return result, exit_code(result)


def exit_code(result):
    """Tell what of a fit has failed; 0 if it has not (``result.success``), else 1."""
    from ..likelihood.summary import verdict

    if result.success:
        return 0
    steps = (result.optimize_result, result.covariance_result)
    failed = [step.message for step in steps if step is not None and not step.success]
    tell(f"{verdict(result)}: {'; '.join(failed)}")
    return 1


@contextlib.contextmanager
def unfinished(output):
    """File beside the output for what is done so far, from which the same command goes on.

    It is gone when the output is written; None if there is no output.
    """
    if output is None:
        yield None
        return
    path = output.with_name(f"{output.name}.partial")
    there = path.exists()
    try:
        yield path
    except (KeyboardInterrupt, SystemExit, OSError):
        if path.exists():
            tell(f"what is done is in {path}: the same command goes on from there", "note")
        raise
    path.unlink(missing_ok=True)
    if there:
        tell(f"{path}, from which this went on, is removed", "note")
