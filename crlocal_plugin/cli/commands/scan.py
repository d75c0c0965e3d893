"""``crlocal scan``: profiles of the statistic, the other parameters re-optimised."""

import argparse
from pathlib import Path

from ..numbers import (
    positive,
    whole,
)
from ..options import (
    add_analysis_options,
    analysis_of,
    take_words,
)
from ..outcome import exit_code
from ..output import (
    check_output,
    pyplot,
    replace_folder,
)

_EPILOG = """examples:
  crlocal scan V_sun x
  crlocal scan analysis.yaml V_sun x
  crlocal scan "V_sun=5..25 km/s" --points 40 --jobs 2
  crlocal scan R_cutc --sigma 2 --output cut-off --variant wandering"""


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "scan",
        help="profile the statistic along parameters after a fit",
        description="Fit, then scan the statistic along parameters with all others re-optimised "
        "at every point; print the intervals, and write a table for each parameter and a figure.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    add_analysis_options(parser)
    add = parser.add_argument
    add(
        "parameters",
        nargs="+",
        metavar="PARAM",
        help="label of a free parameter, or label=LOW..HIGH with a unit, as in 'x=0.1..10 pc'",
    )
    add("--points", type=whole(2), default=30, metavar="N", help="points a parameter; default: 30")
    add(
        "--sigma",
        type=positive,
        default=3.0,
        help="half width of a range that is not given, in standard deviations; default: 3",
    )
    add("--jobs", type=whole(1), default=1, metavar="N", help="processes; default: 1")
    add(
        "--output",
        type=Path,
        default=Path("crlocal-scan"),
        metavar="DIR",
        help="folder for tables and figure; default: %(default)s",
    )
    add("--overwrite", action="store_true", help="replace an existing folder")
    parser.set_defaults(run=_run)


def _run(arguments):
    from gammapy.modeling import Fit

    from ...likelihood.selection import parse_ranges
    from ...studies.scans import scan_profiles
    from ..progress import progress_bar

    take_words(arguments, "parameters")
    if arguments.file is None and Path(arguments.parameters[0]).is_file():
        raise ValueError(f"name parameters to scan behind {arguments.parameters[0]}")
    check_output(arguments.output, arguments.overwrite, mark="profiles.png")
    print("reading models and data ...", flush=True)
    analysis = analysis_of(arguments)
    datasets = analysis.prepare()
    ranges = parse_ranges(datasets, arguments.parameters)
    print("fitting ...", flush=True)
    result = Fit(backend=analysis.backend).run(datasets)
    code = exit_code(result)
    print(f"statistic {result.total_stat:.2f} at the best fit; scanning ...", flush=True)
    total = len(ranges) * arguments.points
    with progress_bar(total, "scan", "points") as update:
        scans = scan_profiles(
            datasets,
            ranges,
            n_points=arguments.points,
            sigma=arguments.sigma,
            n_jobs=arguments.jobs,
            progress=update,
        )
    print(f"\n{_text(scans)}\n")
    with replace_folder(arguments.output, arguments.overwrite, mark="profiles.png") as folder:
        _write(folder, scans)
    print(f"written to {arguments.output}")
    return code


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


def _write(folder, scans):
    from ...plots.profile import plot_profiles

    for scan in scans.values():
        scan.table().write(folder / f"{scan.name}.ecsv", format="ascii.ecsv")
    plt = pyplot()
    figure = plot_profiles(scans)
    figure.savefig(folder / "profiles.png", dpi=150)
    plt.close(figure)
