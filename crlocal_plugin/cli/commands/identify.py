"""``crlocal identify``: what spectra, dipole and priors tell about the free parameters."""

from ..fitting import first_fit
from ..options import analysis_of, analysis_options
from ..parsing import command, option
from ..terminal import show


@command(
    """examples:
  crlocal identify
  crlocal identify analysis.yaml
  crlocal identify --fit
  crlocal identify --free B R_cr --no-priors
  crlocal identify --datasets ams-02_h_2015 icecube-2016 --species H"""
)
@analysis_options()
@option("--fit", "fit first; at Table I by default")
def identify(fit, **options):
    """Tell which parameters the data constrain, and which directions they leave open.

    What spectra alone, the dipole alone, both, and both with priors say about each free parameter,
    which data say most, and which combinations of parameters they leave open; at the values of
    Table I of Xue & Liu 2025 or at the best fit.
    """
    from ...studies.identifiability import identifiability

    analysis = analysis_of(**options)
    datasets = analysis.prepare()
    code = 0
    if fit:
        _, code = first_fit(analysis, datasets)
        total = datasets.stat_sum()
        show(f"fitted: total statistic {total:.2f}\n", total=total)
    found = identifiability(datasets)
    show(str(found), **vars(found))
    return code
