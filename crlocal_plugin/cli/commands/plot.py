"""``crlocal plot``: pictures of a fit, or of a model before one."""

import contextlib
import inspect
from functools import partial
from pathlib import Path

import click

from ...files import replace_file
from ...messages import unknown_name
from ...results import add_to_result
from ..fit_folder import read_output
from ..known import KNOWN
from ..output import FORMATS, SUFFIXES, check_file, write_pictures
from ..parsing import FINITE, PATH, Name, argument, command, option
from ..terminal import say

_SUMMARIES = KNOWN["pictures"]
_PICTURES = Name(lambda: _SUMMARIES)
_SOURCE = "folder of crlocal fit, or analysis file; without one, Table I of the paper"


def _content(declaration, help, kind=None):
    """Option that says what is drawn: an argument of its name of the functions that draw."""
    return option(declaration, help, kind, section="What is drawn, where a picture has it")


@command(
    "pictures:\n"
    + "\n".join(f"  {name:13}  {summary}" for name, summary in _SUMMARIES.items())
    + """

examples:
  crlocal plot crlocal-fit spectra dipole
  crlocal plot crlocal-fit residuals --format pdf
  crlocal plot crlocal-fit spectra --species H --axis rigidity --output protons.svg
  crlocal plot crlocal-fit dipole --energy-range "1 TeV" "10 PeV" --no-components
  crlocal plot analysis.yaml sky --frame galactic
  crlocal plot spectra dipole --output pictures""",
    has_results=False,
)
@argument("source", "[DIR|FILE.yaml]", _SOURCE, _PICTURES)
@argument("pictures", "PICTURE...", ", ".join(_SUMMARIES), _PICTURES)
@option("--output FILE|DIR", "one picture, or folder of several; default: PICTURE.png, here", PATH)
@option("--format KIND", "default: that of --output, or png", click.Choice(FORMATS))
@option("--journal COLUMNS", "as wide as one or two columns", click.Choice(("single", "double")))
@option("--overwrite", "replace existing files")
@_content("--species NAME...", "species, or a sum: light, all_particle, CNO, Ne-S, Fe-group")
@_content("--axis AXIS", "total_energy, rigidity, kinetic_energy or kinetic_energy_per_nucleon")
@_content("--energy-power P", "multiply intensities with E^P", FINITE)
@_content("--energy-range LOW HIGH", 'such as "1 TeV" "10 PeV"')
@_content("--x-unit UNIT", "unit of energy or rigidity")
@_content("--frame FRAME", "coordinates of the map: icrs or galactic")
@_content("--components NAME...", "components that are drawn")
@_content("--no-components", "leave out the components")
@_content("--no-band", "leave out the uncertainty bands")
@_content("--no-pulls", "leave out the panels of pulls")
@_content("--no-legend", "leave out the legend")
@_content("--stacked", "areas instead of curves")
def plot(source, pictures, output, overwrite, format, journal, **content):
    """Draw a fit, or a model before one.

    Pictures of a result of crlocal fit have its uncertainty bands; those of an analysis show the
    parameters as they are before a fit, by default the model and the data of the paper.
    """
    from ...analysis.description import Analysis
    from ...plots.pictures import PICTURES
    from ...plots.style import journal_style

    source, pictures = _words(source, pictures)
    settings = _settings(pictures, content)
    paths = _paths(output, format, pictures)
    for path in paths.values():
        check_file(path, overwrite, SUFFIXES)
    say("reading models and data ...")
    if source is None:
        datasets = Analysis().prepare()
    elif Path(source).is_dir():
        datasets = read_output(source)
    else:
        datasets = Analysis.read(source).prepare()
    draw = {name: partial(PICTURES[name].draw, datasets, **settings[name]) for name in pictures}
    with contextlib.ExitStack() as stack:
        if journal is not None:
            stack.enter_context(journal_style(journal))
        # all of them or none
        drafts = {name: stack.enter_context(replace_file(path)) for name, path in paths.items()}
        page = "tight" if journal is None else None
        write_pictures({drafts[name]: draw[name] for name in pictures}, page)
    for path in paths.values():
        add_to_result(path)
    say(f"drawn in {', '.join(map(str, paths.values()))}")


def _words(source, pictures):
    """Source, None without one, and names of the pictures."""
    from ...plots.pictures import PICTURES

    if source is None:
        raise click.UsageError("Missing argument 'PICTURE...'")
    if source in PICTURES:
        source, pictures = None, (source, *pictures)
    elif not pictures and Path(source).exists():
        raise ValueError(f"name pictures behind {source}: {', '.join(PICTURES)}")
    for name in pictures:
        if name not in PICTURES:
            raise ValueError(unknown_name(name, PICTURES, "picture "))
    if source is not None and not Path(source).exists():
        raise ValueError(
            f"{source} is neither a folder of crlocal fit nor an analysis file, and no picture: "
            f"{unknown_name(source, PICTURES)}"
        )
    return source, list(dict.fromkeys(pictures))


def _settings(pictures, content):
    """Arguments of the functions that draw, by picture."""
    from ...plots.pictures import PICTURES

    arguments, options = {}, {}
    for name, value in content.items():
        # zero is a value, though equal to False
        if value not in (None, ()) and value is not False:
            argument = name.removeprefix("no_")
            value = list(value) if isinstance(value, tuple) else value
            arguments[argument] = value if argument == name else False
            options[argument] = f"--{name.replace('_', '-')}"
    if "energy_range" in arguments:
        arguments["energy_range"] = _energy_range(arguments["energy_range"])
    known = {name: inspect.signature(PICTURES[name].draw).parameters for name in pictures}
    settings = {p: {n: arguments[n] for n in arguments if n in known[p]} for p in pictures}
    unused = [options[name] for name in options if not any(name in s for s in settings.values())]
    if unused:
        raise ValueError(f"{', '.join(unused)}: not for {' and '.join(pictures)}")
    if "species" in settings.get("fractions", ()):
        if len(arguments["species"]) > 1:
            raise ValueError("--species: fractions are those of one species, light or all_particle")
        (settings["fractions"]["species"],) = arguments["species"]
    return settings


def _energy_range(ends):
    """Ends of the axis as quantities."""
    import astropy.units as u
    import numpy as np

    for unit in (u.GeV, u.GV):
        with contextlib.suppress(TypeError, ValueError):
            quantities = [u.Quantity(end) for end in ends]
            if all(np.isfinite(end.to_value(unit)) for end in quantities):
                return quantities
    raise ValueError(f"--energy-range {' '.join(ends)}: expected two such as '1 TeV' '10 PeV'")


def _paths(output, kind, pictures):
    """Files by picture."""
    suffix = "" if output is None else output.suffix.removeprefix(".")
    if suffix in FORMATS:
        if len(pictures) > 1:
            raise ValueError(f"--output {output} is one file: name a folder for several pictures")
        if kind not in (None, suffix):
            raise ValueError(f"--output {output} is no {kind}: leave out --format")
        return {pictures[0]: output}
    if suffix and not output.is_dir():
        raise ValueError(f"--output {output}: expected the suffix .{', .'.join(FORMATS)}, or none")
    return {name: (output or Path()) / f"{name}.{kind or 'png'}" for name in pictures}
