"""``crlocal scan``: profiles of the statistic, the other parameters re-optimised."""

from functools import partial
from pathlib import Path

import click

from ...results import check_result, replace_result
from ..fitting import first_fit, prepare, unfinished
from ..options import PARAMETERS, analysis_options, split_words, spread
from ..output import write_pictures, write_table
from ..parsing import PATH, POSITIVE, argument, command, option, whole
from ..terminal import show


@command(
    """examples:
  crlocal scan V_sun x
  crlocal scan analysis.yaml V_sun x
  crlocal scan "V_sun=5..25 km/s" --points 40 --jobs 2
  crlocal scan R_cutc --sigma 2 --output cut-off --variant wandering"""
)
@analysis_options()
@argument(
    "parameters",
    "PARAM...",
    "label of a free parameter, or label=LOW..HIGH with a unit, as in 'x=0.1..10 pc'",
    PARAMETERS,
)
@option("--points N", "points a parameter", whole(2), 30)
@option(
    "--sigma SIGMA",
    "half width of a range that is not given, in standard deviations",
    POSITIVE,
    3.0,
)
@spread
@option("--output DIR", "default: crlocal-scan, with the name of the analysis file behind", PATH)
@option("--overwrite", "replace an earlier result; what else is in its folder stays")
def scan(file, parameters, points, sigma, output, overwrite, **options):
    """Profile the statistic along parameters after a fit.

    All other parameters are re-optimised at every point. Print the intervals, and write a table
    for each parameter and a figure.
    """
    from ...likelihood.selection import parse_ranges
    from ...plots.profile import plot_profiles
    from ...studies.scans import scan_profiles

    file, parameters = split_words(file, parameters)
    if file is None and not parameters:
        raise click.UsageError("Missing argument 'PARAM...'")
    first = parameters[0] if file is None else file
    if not parameters or (file is None and Path(first).is_file()):
        raise ValueError(f"name parameters to scan behind {first}")
    output = output or _folder(file)
    check_result(output, "scan", overwrite)
    analysis, datasets = prepare(file, **options)
    ranges = parse_ranges(datasets, parameters)
    _, code = first_fit(analysis, datasets, "scanning")
    with unfinished(output) as kept:
        scans = scan_profiles(datasets, ranges, points, sigma, checkpoint=kept)
        show(f"\n{_text(scans)}\n", parameters=[_entry(profile) for profile in scans.values()])
        with replace_result(output, "scan", overwrite) as folder:
            for profile in scans.values():
                write_table(profile.table(), folder / f"{profile.name}.ecsv")
            pictures = {folder / "profiles.png": partial(plot_profiles, scans)}
            write_pictures(pictures, bbox_inches=None)
    show(f"written to {output}", written=output)
    return code


def _folder(file):
    """Folder for the scans of an analysis: of each file, or folder of a fit, its own."""
    if file is None:
        return Path("crlocal-scan")
    path = Path(file)
    name = path.resolve().parent.name if path.parent.name and path.stem == "analysis" else path.stem
    return Path("crlocal-scan" if name == "analysis" else f"crlocal-scan-{name}")


def _entry(scan):
    """Best value, intervals and points of a scan for a JSON document."""
    ends = {f"sigma_{n}": [end.value for end in scan.interval(n)] for n in (1, 2)}
    unit = scan.unit.to_string()
    return {"name": scan.name, "best": scan.best, "unit": unit, **ends, "points": scan.table()}


def _text(scans):
    """Intervals as lines of text."""
    width = max(15, *map(len, scans)) + 1
    lines = [f"{'':{width}}{'best':>12}  {'68 % interval':28}{'95 % interval':28}unit"]
    for scan in scans.values():
        ends = [
            "{:.5g} .. {:.5g}".format(*(end.value for end in scan.interval(sigma)))
            for sigma in (1, 2)
        ]
        unit = scan.unit.to_string()
        lines.append(f"{scan.name:{width}}{scan.best:12.5g}  {ends[0]:28}{ends[1]:28}{unit}")
    if any("nan" in line for line in lines):
        lines.append("nan: the scan ends before the statistic has risen that far")
    for scan in scans.values():
        if scan.rise.min() < -0.01:
            k = scan.rise.argmin()
            lines.append(
                f"a lower minimum was found at {scan.name} = {scan.values[k]:.5g}, statistic "
                f"{scan.stat[k]:.2f}: fit again from there (--fix, or crl.random_starts)"
            )
    return "\n".join(lines)
