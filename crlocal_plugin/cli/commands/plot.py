"""``crlocal plot``: pictures of a fit, or of a model before one."""

import argparse
import contextlib
import inspect
from pathlib import Path

import numpy as np

from ...files import replace_file
from ...plots.all_particle import plot_all_particle
from ...plots.dipole import plot_dipole
from ...plots.fractions import plot_component_fractions, plot_composition_fractions
from ...plots.mean_log_mass import plot_mean_log_mass
from ...plots.residuals import plot_residuals
from ...plots.sky.directions import plot_sky
from ...plots.spectra import plot_spectra
from ..numbers import finite
from ..output import (
    check_file,
    pyplot,
)
from ..progress import progress_bar

_PICTURES = {
    "spectra": plot_spectra,
    "dipole": plot_dipole,
    "sky": plot_sky,
    "residuals": plot_residuals,
    "fractions": plot_component_fractions,
    "all-particle": plot_all_particle,
    "mean-log-mass": plot_mean_log_mass,
    "composition": plot_composition_fractions,
}
"""Functions by picture; their arguments of the names of the options below are those options."""

_FORMATS = ("png", "pdf", "svg")

_EPILOG = """pictures:
  spectra        intensities of the species with components and data
  dipole         amplitude and phase of the dipole with components and data
  sky            directions that shape the dipole, and its track with energy
  residuals      pulls of all data
  fractions      shares of the components in the intensity
  all-particle   sum of all species with each of them, and data
  mean-log-mass  mean logarithm of the mass number, and data
  composition    shares of the species in the sum

examples:
  crlocal plot crlocal-fit spectra dipole
  crlocal plot crlocal-fit residuals --format pdf
  crlocal plot crlocal-fit spectra --species H --axis rigidity --output protons.svg
  crlocal plot crlocal-fit dipole --energy-range "1 TeV" "10 PeV" --no-components
  crlocal plot analysis.yaml sky --frame galactic
  crlocal plot spectra dipole --output pictures"""


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "plot",
        help="draw a fit, or a model before one",
        description="Draw pictures of a result of crlocal fit, with its uncertainty bands; or of "
        "an analysis with the parameters as they are before a fit, by default the model and the "
        "data of the paper.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add(
        "source",
        nargs="?",
        metavar="DIR|FILE.yaml",
        help="folder of crlocal fit, or analysis file; without one, Table I of the paper",
    )
    add("pictures", nargs="+", metavar="PICTURE", help=", ".join(_PICTURES))
    add(
        "--output",
        type=Path,
        metavar="FILE|DIR",
        help="file of one picture, or folder of several; default: PICTURE.png, here",
    )
    add("--format", choices=_FORMATS, help="default: that of --output, or png")
    add("--overwrite", action="store_true", help="replace existing files")
    add = parser.add_argument_group("what is drawn, where a picture has it").add_argument
    add(
        "--species",
        nargs="+",
        metavar="NAME",
        help="species, or a sum: light, all_particle, CNO, Ne-S, Fe-group",
    )
    add("--axis", help="total_energy, rigidity, kinetic_energy or kinetic_energy_per_nucleon")
    add("--energy-power", type=finite, metavar="P", help="multiply intensities with E^P")
    add("--energy-range", nargs=2, metavar=("LOW", "HIGH"), help='such as "1 TeV" "10 PeV"')
    add("--x-unit", metavar="UNIT", help="unit of energy or rigidity")
    add("--frame", help="coordinates of the map: icrs or galactic")
    add("--components", nargs="+", metavar="NAME", help="components that are drawn")
    add("--no-components", dest="components", action="store_false", default=None)
    add("--no-band", dest="band", action="store_false", default=None)
    add("--no-legend", dest="legend", action="store_false", default=None)
    add("--stacked", action="store_true", default=None, help="areas instead of curves")
    parser.set_defaults(run=_run)


_OPTIONS = (
    *("species", "axis", "energy_power", "energy_range", "x_unit", "frame", "components"),
    *("band", "legend", "stacked"),
)


def _run(arguments):
    source, pictures = _words(arguments)
    options = {name: getattr(arguments, name) for name in _OPTIONS}
    options = {name: value for name, value in options.items() if value is not None}
    settings = {picture: _settings(picture, options) for picture in pictures}
    unused = [name for name in options if not any(name in own for own in settings.values())]
    if unused:
        texts = ", ".join(f"--{name.replace('_', '-')}" for name in unused)
        raise ValueError(f"{texts}: not for {' and '.join(pictures)}")
    paths = _paths(arguments, pictures)
    for path in paths.values():
        check_file(path, arguments.overwrite, tuple(f".{name}" for name in _FORMATS))
    print("reading models and data ...", flush=True)
    datasets = _datasets(source)
    plt = pyplot()
    with contextlib.ExitStack() as drafts, progress_bar(len(pictures), "drawing", "figures") as up:
        for picture, path in paths.items():
            axes = _PICTURES[picture](datasets, **settings[picture])
            figure = np.ravel(axes)[0].figure
            draft = drafts.enter_context(replace_file(path))
            figure.savefig(draft, dpi=150, bbox_inches="tight")
            plt.close(figure)
            up(1)
    print(f"drawn in {', '.join(map(str, paths.values()))}")


def _words(arguments):
    """Source, None without one, and names of the pictures."""
    from ...messages import unknown_name

    source, pictures = arguments.source, arguments.pictures
    if source in _PICTURES:
        source, pictures = None, [source, *pictures]
    if source is None and Path(pictures[0]).exists():
        raise ValueError(f"name pictures behind {pictures[0]}: {', '.join(_PICTURES)}")
    for name in pictures:
        if name not in _PICTURES:
            raise ValueError(unknown_name(name, _PICTURES, "picture "))
    if source is not None and not Path(source).exists():
        raise ValueError(
            f"{source} is neither a folder of crlocal fit nor an analysis file, and no picture: "
            f"{unknown_name(source, _PICTURES)}"
        )
    return source, list(dict.fromkeys(pictures))


def _settings(picture, options):
    """Options that a picture has, as its function takes them."""
    known = inspect.signature(_PICTURES[picture]).parameters
    settings = {name: value for name, value in options.items() if name in known}
    if "energy_range" in settings:
        settings["energy_range"] = _energy_range(settings["energy_range"])
    if picture == "fractions" and "species" in settings:
        if len(settings["species"]) > 1:
            raise ValueError("--species: fractions are those of one species, light or all_particle")
        settings["species"] = settings["species"][0]
    return settings


def _energy_range(ends):
    """Ends of the axis as quantities."""
    import astropy.units as u

    try:
        quantities = [u.Quantity(end) for end in ends]
    except (TypeError, ValueError):
        quantities = []
    if not any(all(end.unit.is_equivalent(unit) for end in quantities) for unit in (u.GeV, u.GV)):
        quantities = []
    if not quantities:
        raise ValueError(f"--energy-range {' '.join(ends)}: expected two such as '1 TeV' '10 PeV'")
    return quantities


def _paths(arguments, pictures):
    """Files by picture."""
    output, kind = arguments.output, arguments.format
    suffix = "" if output is None else output.suffix.removeprefix(".")
    if suffix in _FORMATS:
        if len(pictures) > 1:
            raise ValueError(f"--output {output} is one file: name a folder for several pictures")
        if kind not in (None, suffix):
            raise ValueError(f"--output {output} is no {kind}: leave out --format")
        return {pictures[0]: output}
    if suffix and not output.is_dir():
        raise ValueError(f"--output {output}: expected the suffix .{', .'.join(_FORMATS)}, or none")
    return {name: (output or Path()) / f"{name}.{kind or 'png'}" for name in pictures}


def _datasets(source):
    """Datasets with their model, and its covariance if there is one."""
    from ...analysis.description import Analysis
    from ..output import read_output

    if source is None:
        return Analysis().prepare()
    if Path(source).is_dir():
        return read_output(source)
    return Analysis.read(source).prepare()
