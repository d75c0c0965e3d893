"""Table of the figures of a run: times, how much faster than the naive way, what is to be reached.

Timings depend on the machine and on what else it does, so that targets are shown and not asserted.
"""

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["lines"]


class Goal(NamedTuple):
    """A number made of the figures, and what it is not to exceed, or to reach."""

    text: str
    value: Callable
    limit: float
    at_least: bool = False

    def verdict(self, figures):
        value = self.value(figures)
        met = value >= self.limit if self.at_least else value <= self.limit
        sign = ">=" if self.at_least else "<="
        return f"{self.text.format(value)} ({sign} {self.limit:,g}: {'met' if met else 'NOT met'})"


class Row(NamedTuple):
    """A figure: its key, what it is, how it reads, what it is compared with, goals."""

    key: str
    label: str
    shown: Callable
    against: str | None = None
    goals: tuple[Goal, ...] = ()


def _time(seconds):
    power = 0 if seconds >= 1 else 3 if seconds >= 1e-3 else 6
    return f"{seconds * 10**power:.3g} {({0: 's', 3: 'ms', 6: 'us'})[power]}"


def _per_second(seconds):
    return f"{1 / seconds:,.0f} /s"


def _number(value):
    return f"{value:,.6g}"


def _mebibytes(value):
    return f"{value / 2**20:.0f} MiB"


def _stat_row(key, label, *goals):
    return Row(key, label, _time, "naive stat_sum", goals)


def _batch_row(size, *goals):
    return Row(
        f"batch of {size}", f"JointLikelihood, in calls of {size}", _per_second,
        "naive stat_sum", goals,
    )  # fmt: skip


def _fit_rows(key, label, *goals):
    return (
        Row(f"{key} fit", label, _time, "naive fit", goals),
        Row(f"{key} minimum", "    its minimum", _number),
        Row(f"{key} calls", "    calls of its optimiser", _number),
    )


def _ratio(above, below):
    return lambda figures: figures[above] / figures[below]


def _stat_goals(key, kernel):
    return (
        Goal("{:.0f} us", lambda f: 1e6 * f[key], 150),
        Goal("{:.2f} x kernel", _ratio(key, kernel), 1.5),
    )


def _throughput(key):
    return Goal("{:,.0f} sets/s", lambda f: 1 / f[key], 40_000, at_least=True)


def _fit_goals(key):
    return (
        Goal("{:.3f} s", lambda f: f[f"{key} fit"], 0.3),
        Goal("{:,.0f} x naive", _ratio("naive fit", f"{key} fit"), 100, at_least=True),
    )


def _per(what, which):
    """Time per number or intensity over that with hydrogen and helium."""

    def ratio(figures):
        each, plain = (
            figures[f"batch, {key}"] / figures[f"{what}, {key}"] for key in (which, "H and He")
        )
        return each / plain

    return ratio


def _species_rows(which, *goals):
    return (
        Row(f"batch, {which}", f"{which}, in calls of 1000", _per_second, None, goals),
        Row(f"parameters, {which}", "    free parameters", _number),
        Row(f"numbers, {which}", "    numbers that are compared", _number),
        Row(f"intensities, {which}", "    intensities that are evaluated", _number),
        Row(f"stat_sum, {which}", "    stat_sum, all parameters change", _time),
        Row(f"in MIGRAD, {which}", "    stat_sum, in the calls of MIGRAD", _time),
    )


def _species_goals(which, per_intensity):
    return (
        Goal("{:.2f} x per intensity", _per("intensities", which), per_intensity),
        Goal("{:.2f} x per number", _per("numbers", which), 2),
    )


TABLE = {
    "The statistic of 20 tables with priors, once": (
        _stat_row("naive stat_sum", "naive: Quantities, gammapy Datasets"),
        _stat_row("naive equations", "naive: its datasets alone"),
        _stat_row("stock stat_sum", "this package in gammapy Datasets"),
        _stat_row("iminuit costs", "plain NumPy model in iminuit costs"),
        _stat_row("kernel", "this package: kernel, all parameters change"),
        _stat_row("stat_sum", "    stat_sum", *_stat_goals("stat_sum", "kernel")),
        _stat_row("kernel in MIGRAD", "    kernel, in the calls of MIGRAD"),
        _stat_row(
            "stat_sum in MIGRAD",
            "    stat_sum, in the calls of MIGRAD",
            *_stat_goals("stat_sum in MIGRAD", "kernel in MIGRAD"),
        ),
        Row("own priors", "priors of this package", _time, "gammapy priors"),
        Row("gammapy priors", "the same as gammapy's GaussianPrior", _time),
    ),
    "The statistic, many sets of parameters per call": (
        _batch_row(1),
        _batch_row(10),
        _batch_row(100, _throughput("batch of 100")),
        _batch_row(1000, _throughput("batch of 1000")),
        _batch_row(10000, _throughput("batch of 10000")),
        Row("memory", "peak memory of a call of 100000", _mebibytes, None, (
            Goal("{:.3f} GiB", lambda f: f["memory"] / 2**30, 1),
        )),
        Row("jacobian", "derivatives of all residuals", _time),
    ),
    "A joint fit from Table I, with covariance": (
        Row("free parameters", "free parameters", _number),
        *_fit_rows("naive", "naive"),
        *_fit_rows("stock", "this package in gammapy Datasets"),
        *_fit_rows("minuit", 'Fit()', *_fit_goals("minuit")),
        *_fit_rows("least-squares", 'Fit(backend="least-squares")', *_fit_goals("least-squares")),
    ),
    "Ten species beside hydrogen and helium": (
        *_species_rows("H and He"),
        *_species_rows("ten species", *_species_goals("ten species", 1)),
        *_species_rows("ten species with loss", *_species_goals("ten species with loss", 1.1)),
        Row("minuit fit, ten species with loss", "    Fit()", _time),
        Row("least-squares fit, ten species with loss", '    Fit(backend="least-squares")', _time),
    ),
    "What comes after a fit": (
        Row("minuit profile", "Fit().stat_profile, 30 points", _time, None, (
            Goal("{:.2f} s", lambda f: f["minuit profile"], 2),
        )),
        Row("least-squares profile", "the same, least-squares", _time, None, (
            Goal("{:.2f} s", lambda f: f["least-squares profile"], 2),
        )),
        Row("profile point", "ProfileLikelihood, one of 1000 points", _time),
        Row("emcee", "emcee, 64 walkers", _per_second),
        Row("toy", "run_toys, one of 20 on all cores", _time, None, (
            Goal("{:.0f} s for 500", lambda f: 500 * f["toy"], 180),
        )),
    ),
}  # fmt: skip


def lines(figures):
    """Lines of the table.

    Parameters
    ----------
    figures : dict of str to float
        Seconds and other numbers by key; rows without a figure are left out.

    Returns
    -------
    list of str
        The lines.
    """
    result = []
    for heading, rows in TABLE.items():
        present = [row for row in rows if row.key in figures]
        if present:
            result += ["", f"{heading:50} {'':>14} {'faster by':>11}  to reach"]
            result += [_line(row, figures) for row in present]
    return result


def _line(row, figures):
    value = figures[row.key]
    ratio = ""
    if row.against in figures and row.against != row.key:
        ratio = f"{figures[row.against] / value:,.1f} x"
    verdicts = []
    for goal in row.goals:
        try:
            verdicts.append(goal.verdict(figures))
        except KeyError as missing:
            verdicts.append(f"no figure of {missing}")
    return f"  {row.label:48} {row.shown(value):>14} {ratio:>11}  {', '.join(verdicts)}".rstrip()
