"""What toy experiments say about a fit: bias, pulls, coverage, goodness of fit."""

from collections import Counter

import numpy as np
from astropy.stats import binom_conf_interval
from astropy.table import Table
from scipy.stats import chi2, kstest, sem, tstd

from ..tables.writing import write_table

LEVELS = {68: 1.0, 95: 2.0}  # number of standard deviations of the intervals of 68.27 % and 95.45 %


class ToyStudy:
    """Fits of simulated data; print it, or take its tables.

    Numbers are those of the converged toys. A pull is (fit - truth) / error. Where a parameter
    ended at a limit, or went so far that nothing depends on it, it has no error: such a toy does
    not count in the pull and the symmetric interval of that parameter, and the summary says
    how many these are.

    Parameters
    ----------
    table : `~astropy.table.Table`
        One row per toy, failed ones included: ``toy``, ``stat`` (minimum of the statistic),
        ``chi2`` (squared residuals of what was drawn), ``hesse`` (whether the errors are from
        second derivatives), ``converged``, ``message``; for each parameter its best fit under its
        label, ``..._error`` (zero without an error), ``..._at_limit`` and, if it was asked for,
        ``..._rise`` (lowest statistic at the true value minus minimum). The meta holds ``truth``,
        ``degrees_of_freedom`` and ``other_minima``.

    Attributes
    ----------
    n_toys, n_converged : int
        Number of toys, and of those whose fit converged.
    names : list of str
        Labels of the parameters.
    truth : dict of str to float
        True values by label.
    degrees_of_freedom : int
        Numbers that were drawn, measured means of priors among them, minus parameters.
    """

    def __init__(self, table):
        self.table = table
        self.names = [
            name.removesuffix("_error") for name in table.colnames if name.endswith("_error")
        ]
        self.truth = dict(table.meta["truth"])
        self.degrees_of_freedom = table.meta["degrees_of_freedom"]
        self._converged = table[np.asarray(table["converged"])]
        self.n_toys, self.n_converged = len(table), len(self._converged)

    @classmethod
    def read(cls, filename):
        """Read toys from a file that `write` made (`ToyStudy`)."""
        return cls(Table.read(filename))

    def write(self, filename, overwrite=False):
        """Write all toys to a file with the suffix .ecsv, a new one unless ``overwrite`` is set."""
        write_table(self.table, filename, overwrite=overwrite)

    def at_limit(self, name):
        """In which converged toys a parameter has no error (`~numpy.ndarray` of bool)."""
        return np.asarray(self._converged[f"{name}_at_limit"])

    def pulls(self, name):
        """Pulls, (fit - truth) / error, of the converged toys in which a parameter has an error."""
        inside = ~self.at_limit(name)
        difference = np.asarray(self._converged[name])[inside] - self.truth[name]
        return difference / np.asarray(self._converged[f"{name}_error"])[inside]

    def rises(self, name):
        """Rises of the profile statistic from the minimum to the truth, of the converged toys.

        None if that of the parameter was not asked for.
        """
        column = f"{name}_rise"
        return np.asarray(self._converged[column]) if column in self.table.colnames else None

    def summary(self):
        """Bias, pulls and coverage of every parameter.

        Returns
        -------
        `~astropy.table.Table`
            One row per parameter: ``name``, ``unit``, ``truth``; ``bias`` and ``median``, mean and
            median of fit minus truth; ``error``, median of the Hesse error; ``pull_mean``,
            ``pull_width``; ``hesse_68``, ``hesse_95``, fraction of symmetric intervals that
            contain the truth; ``profile_68``, ``profile_95``, the same of intervals in which the
            profile statistic rises by at most 1 or 4; ``at_limit``, fraction of toys in which the
            parameter has no error. The errors of these means, widths and fractions are under
            ``..._error``. What is not known is masked.
        """
        return Table(rows=[self._row(name) for name in self.names])

    def _row(self, name):
        shifts = np.asarray(self._converged[name]) - self.truth[name]
        at_limit, pulls, rises = self.at_limit(name), self.pulls(name), self.rises(name)
        errors = np.asarray(self._converged[f"{name}_error"])[~at_limit]
        unit = self.table[name].unit
        row = {
            "name": name,
            "unit": "" if unit is None else unit.to_string(),
            "truth": self.truth[name],
            **_mean("bias", shifts),
            "median": _known(np.median, shifts),
            "error": _known(np.median, errors),
            **_mean("pull_mean", pulls),
            **_width("pull_width", pulls),
        }
        for level, sigma in LEVELS.items():
            row |= _fraction(f"hesse_{level}", np.abs(pulls) <= sigma)
        for level, sigma in LEVELS.items():
            row |= _fraction(f"profile_{level}", () if rises is None else rises <= sigma**2)
        return row | {"at_limit": _known(np.mean, at_limit)}

    def chi2_test(self):
        """Kolmogorov-Smirnov test of the chi2 of the toys, with ``statistic`` and ``pvalue``."""
        return kstest(np.asarray(self._converged["chi2"]), chi2(self.degrees_of_freedom).cdf)

    def __str__(self):
        lines = [*self._counts()]
        if self.n_converged:
            rows = self.summary()
            lines += [self._goodness(), "", *_shifts_and_pulls(rows), "", *_coverage(rows)]
        return "\n".join(line.rstrip() for line in lines)

    def _counts(self):
        failed = np.isnan(self.table["stat"]).sum()
        messages = list(self.table["message"][~np.asarray(self.table["converged"])])
        yield (
            f"{self.n_toys} toys: {self.n_converged} converged, {len(messages) - failed} did not, "
            f"{failed} failed"
        )
        for message, times in Counter(messages).items():
            yield f"  {times} times: {message}"
        limits = np.any([self.at_limit(name) for name in self.names], axis=0)
        yield (
            f"of the converged ones, {limits.sum()} have a parameter at a limit, and "
            f"{np.sum(~self._converged['hesse'])} errors from first derivatives only"
        )
        minima = ", ".join(f"{rise:.2f}" for rise in self.table.meta["other_minima"])
        yield f"other minima of noise-free data, above the truth by: {minima or 'none found'}"

    def _goodness(self):
        values, degrees = np.asarray(self._converged["chi2"]), self.degrees_of_freedom
        found = _mean("mean", values) | _width("width", values)
        return (
            f"chi2 of the simulated numbers: mean {_pair(found, 'mean', '.1f')}, width "
            f"{_pair(found, 'width', '.1f')}; expected {degrees} and {np.sqrt(2 * degrees):.1f}; "
            f"Kolmogorov-Smirnov p = {self.chi2_test().pvalue:.2g}"
        )


def _shifts_and_pulls(rows):
    """Lines of a table."""
    columns = {
        "parameter": rows["name"],
        "unit": rows["unit"],
        "truth": [f"{value:.4g}" for value in rows["truth"]],
        "mean shift": [_pair(row, "bias", ".2g") for row in rows],
        "median": [_text(value, ".2g") for value in rows["median"]],
        "error": [_text(value, ".2g") for value in rows["error"]],
        "pull mean": [_pair(row, "pull_mean", ".2f") for row in rows],
        "pull width": [_pair(row, "pull_width", ".2f") for row in rows],
    }
    return Table(columns).pformat(max_lines=-1, max_width=-1, align="<")


def _coverage(rows):
    """Lines of a table, in percent."""
    table = Table({"coverage in %": rows["name"]})
    for kind, title in (("hesse", "fit ± {:g} error"), ("profile", "profile +{:g}")):
        for level, sigma in LEVELS.items():
            column = title.format(sigma**2 if kind == "profile" else sigma)
            table[column] = [_pair(row, f"{kind}_{level}", ".1f", 100) for row in rows]
    table["at limit"] = [_text(100 * value, ".1f") for value in rows["at_limit"]]
    expected = [f"{100 * chi2(1).cdf(sigma**2):.1f}" for sigma in LEVELS.values()]
    table.add_row(["expected", *expected, *expected, ""])
    return table.pformat(max_lines=-1, max_width=-1, align="<")


def _known(function, values, least=1):
    """Figure of some values, masked if there are too few."""
    return function(values) if len(values) >= least else np.ma.masked


def _mean(name, values):
    """Mean and its error."""
    return {name: _known(np.mean, values), f"{name}_error": _known(sem, values, 2)}


def _width(name, values):
    """Standard deviation and its error, which is that of a normal distribution."""
    width = _known(tstd, values, 2)
    return {name: width, f"{name}_error": width / np.sqrt(2 * max(len(values) - 1, 1))}


def _fraction(name, inside):
    """Fraction and its binomial error."""
    # unlike the plain formula, Wilson's does not give zero where all or none are inside
    error = _known(lambda v: np.ptp(binom_conf_interval(sum(v), len(v))) / 2, inside)
    return {name: _known(np.mean, inside), f"{name}_error": error}


def _text(value, form):
    return "-" if np.ma.is_masked(value) else f"{value:{form}}"


def _pair(row, name, form, factor=1):
    value, error = row[name], row[f"{name}_error"]
    if np.ma.is_masked(value) or np.ma.is_masked(error):
        return _text(value, form)
    return f"{factor * value:{form}} ± {factor * error:{form}}"
