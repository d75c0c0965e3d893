"""Fixtures of the benchmarks, and a table of ratios after the run."""

import os

import pytest
import report
from cases import SELECTION, best_fit

FIGURES = pytest.StashKey[dict]()


def pytest_configure(config):
    config.stash[FIGURES] = {}


def pytest_terminal_summary(terminalreporter, config):
    figures = config.stash[FIGURES]
    if figures:
        terminalreporter.section(f"{SELECTION} on {os.cpu_count()} cores, fastest rounds")
        for line in report.lines(figures):
            terminalreporter.write_line(line)


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config, output_json):
    output_json["figures"] = config.stash[FIGURES]


@pytest.fixture(scope="session")
def best():
    """Best fit of this package, and parameter sets around it."""
    return best_fit(n_samples=100_000)


@pytest.fixture
def note(request, benchmark):
    """Note a number for the table."""

    def note(key, value):
        request.config.stash[FIGURES][key] = benchmark.extra_info[key] = float(value)

    return note


@pytest.fixture
def timed(note, benchmark):
    """Time a function, note seconds per call or per each of what it does, return its result.

    Without a number of rounds pytest-benchmark chooses it; ``setup`` runs before each.
    """

    def timed(key, function, per=1, rounds=None, setup=None):
        if rounds is None:
            result = benchmark(function)
        else:
            result = benchmark.pedantic(function, setup=setup, rounds=rounds)
        # nothing is measured with --benchmark-disable
        if benchmark.stats is not None:
            note(key, benchmark.stats.stats.min / per)
        return result

    return timed
