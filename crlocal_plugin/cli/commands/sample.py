"""``crlocal sample``: the posterior of the free parameters."""

from functools import partial
from pathlib import Path

import click

from ..options import PARAMETERS, SEED, analysis_of, analysis_options, spread
from ..output import SUFFIXES, check_file, write_pictures
from ..parsing import PATH, POSITIVE, command, option, whole
from ..terminal import say, show

METHODS = ["adaptive", "emcee", "nested"]


@command(
    """examples:
  crlocal sample
  crlocal sample analysis.yaml
  crlocal sample --seed 1 --output posterior.nc --corner corner.png
  crlocal sample --corner corner.png --parameters V_sun x D_0 delta_b R_cutc
  crlocal sample --jobs 2
  crlocal sample --method emcee --steps 20000
  crlocal sample --nested --live 800 --variant wandering --output wandering.nc"""
)
@analysis_options()
@option("--output FILE.nc", "samples and models", PATH, Path("posterior.nc"))
@option("--corner FILE", "draw a corner plot: .png, .pdf or .svg", PATH)
@option("--parameters PARAM...", "parameters of the corner plot; default: all", PARAMETERS)
@option("--overwrite", "replace existing files")
@SEED
@option("--method METHOD", "adaptive, emcee or nested", click.Choice(METHODS), METHODS[0])
@option("--steps N", "of emcee: most steps of a walker", whole(1), 50_000)
@option("--walkers N", "of emcee: of an ensemble; default: 4 per parameter", whole(1))
@option("--ensembles N", "of emcee: ensembles of walkers", whole(1), 4)
@option("--nested", "the same as --method nested")
@option("--live N", "of nested: live points", whole(1), 400)
@option("--range FACTOR", "how far the priors of scales extend from their values", POSITIVE, 10.0)
@option("--flat", "leave parameters without a prior as they are: flat")
@option(
    "--allow-unconverged",
    "write and draw samples that have not converged; the exit code is 1 all the same",
)
@spread
def sample(
    output,
    overwrite,
    corner,
    parameters,
    seed,
    method,
    steps,
    walkers,
    ensembles,
    nested,
    live,
    range,
    flat,
    allow_unconverged,
    **options,
):
    """Sample the posterior of the free parameters.

    Write the samples with the models to a netCDF file once they have converged. Parameters without
    a prior get one that is uniform between their limits, or for scales uniform in the logarithm.
    """
    from ...plots.corner import plot_corner
    from ...posterior.posterior import FORMAT
    from ...posterior.prior_distributions import set_proper_priors
    from ...posterior.sampling import sample as sample_posterior

    check_file(output, overwrite, (".nc",), FORMAT.encode())
    check_file(corner, overwrite, SUFFIXES)
    say("reading models and data ...")
    datasets = analysis_of(**options).prepare()
    labels = datasets.parameters.free_parameters.labels
    for name in parameters:
        if name not in labels:
            raise ValueError(
                f"--parameters {name}: expected a free parameter, one of {', '.join(labels)}"
            )
    if not flat:
        set_proper_priors(datasets, range)
    say(f"sampling {len(labels)} parameters ...")
    method = "nested" if nested else method
    own = {
        "adaptive": {},
        "emcee": {"n_walkers": walkers, "n_ensembles": ensembles, "max_steps": steps},
        "nested": {"n_live": live},
    }
    posterior = sample_posterior(datasets, method, random_state=seed, **own[method])
    widths = posterior.widths(allow_unconverged=True)
    text = "\n".join(widths.pformat(max_lines=-1, max_width=-1, align="<"))
    show(
        f"\n{posterior}\n\nPriors, and the widths of prior and posterior\n\n{text}",
        converged=posterior.converged,
        problems=posterior.problems,
        log_evidence=posterior.log_evidence,
        parameters=posterior.summary(allow_unconverged=True),
        modes=posterior.modes,
        diagnostics=posterior.diagnostics,
        widths=widths,
    )
    if not (posterior.converged or allow_unconverged):
        say(f"\nnothing was written. {posterior.info['advice']}")
        return 1
    posterior.write(output, overwrite, allow_unconverged)
    show(f"\nwritten to {output}", written=output)
    if corner is not None:
        say("drawing ...")
        draw = partial(
            plot_corner, posterior, list(parameters) or None, allow_unconverged=allow_unconverged
        )
        write_pictures({corner: draw}, bbox_inches=None)
        show(f"drawn in {corner}", drawn=corner)
    return 0 if posterior.converged else 1
