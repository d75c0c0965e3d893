"""Which tables of the catalogue belong to an experiment, and to which hadronic models."""

import dataclasses
import functools
import re

from ..tables.hadronic import MAX_MODELS
from .index import rows


def experiment_named(name):
    """Experiment as the catalogue writes it; spelling with spaces and hyphens does not count."""
    known = {_folded(row["experiment"]): row["experiment"] for row in rows().values()}
    return known.get(_folded(str(name)))


@functools.cache
def hadronic_models():
    """Models for which there are tables, by experiment (dict of lists); at least two of them."""
    found = {}
    for row in rows().values():
        if row["hadronic_model"]:
            found.setdefault(row["experiment"], set()).add(row["hadronic_model"])
    return {name: sorted(models) for name, models in found.items() if len(models) > 1}


class HadronicChoice:
    """Hadronic models that a user asks for, applied to tables of the catalogue.

    The request is a model, several of which the first is the base, either of them by experiment,
    or None. ValueError says what is wrong with it.
    """

    def __init__(self, request=None):
        self._rows = {
            name: row for name, row in rows().items() if row["kind"] not in ("dipole", "ratio")
        }
        self._used = set()
        self._by_experiment, self._for_all = {}, None
        if request is not None and not isinstance(request, dict):
            self._for_all = _listed(request)
            return
        for name, models in (request or {}).items():
            experiment = experiment_named(name)
            if experiment not in hadronic_models():
                raise ValueError(
                    f"hadronic_model: {name!r} is no experiment with tables for several hadronic "
                    f"models; expected one of {', '.join(hadronic_models())}"
                )
            self._by_experiment[experiment] = _listed(models)

    def _wanted(self, experiment):
        """Models that are asked for, None if the request does not concern the experiment."""
        known = hadronic_models().get(experiment)
        wanted = self._by_experiment.get(experiment, self._for_all)
        if wanted is None or known is None:
            return None
        self._used.add(experiment)
        spelled = {model.casefold(): model for model in known}
        for model in wanted:
            if model.casefold() not in spelled:
                raise ValueError(
                    f"hadronic_model: {experiment} has no tables for {model!r}; expected some of "
                    f"{', '.join(known)}. A dictionary, as in {{{experiment!r}: {known[0]!r}}}, "
                    "names models for one experiment"
                )
        result = [spelled[model.casefold()] for model in wanted]
        if len(set(result)) < len(result):
            raise ValueError(f"hadronic_model: expected different models, got {', '.join(result)}")
        return result

    def tables(self, experiment):
        """Newest tables of an experiment for the model asked for, sums beside parts left out."""
        own = {name: row for name, row in self._rows.items() if row["experiment"] == experiment}
        if not own:
            raise ValueError(
                f"{experiment} has neither spectra nor <ln A> in the catalogue: name its dipole "
                "tables, see catalog() or crlocal data list"
            )
        if experiment in hadronic_models():
            wanted = self._wanted(experiment)
            if wanted is None:
                raise ValueError(
                    f"{experiment} has tables for several hadronic models: pass hadronic_model= as "
                    f"one of {', '.join(hadronic_models()[experiment])}, or a list of them"
                )
            own = {n: row for n, row in own.items() if row["hadronic_model"] in ("", wanted[0])}
        newest = {}
        for name, row in own.items():
            other = newest.setdefault(row["quantity"], name)
            if _year(row) > _year(own[other]):
                newest[row["quantity"]] = name
        if {"H", "He"} & newest.keys():
            newest.pop("light", None)
        return list(newest.values())

    def apply(self, item):
        """Table of the first model asked for, if any, with the others as ``alternatives``."""
        row = self._rows.get(item.name) if item.path is None else None
        if row is None:
            return item
        same = ("experiment", "kind", "quantity")
        variants = {
            other["hadronic_model"]: name
            for name, other in self._rows.items()
            if other["hadronic_model"] and all(other[key] == row[key] for key in same)
        }
        wanted = self._wanted(row["experiment"]) if len(variants) > 1 else None
        if wanted is None:
            return item
        for model in wanted:
            if model not in variants:
                raise ValueError(
                    f"hadronic_model: there is no table of {row['quantity']} of "
                    f"{row['experiment']} for {model!r}, as for {', '.join(variants)}"
                )
        first, *others = (variants[model] for model in wanted)
        return dataclasses.replace(item, name=first, alternatives=tuple(others))

    def require_used(self):
        """Refuse a request that concerns none of the tables, or an experiment without tables."""
        unused = [name for name in self._by_experiment if name not in self._used]
        if unused or (self._for_all is not None and not self._used):
            of = f" of {' and '.join(unused)}" if unused else ""
            raise ValueError(
                f"hadronic_model: no table{of} that exists for several hadronic models is asked "
                f"for; {', '.join(hadronic_models())} have such tables"
            )


def _folded(name):
    return re.sub(r"[\s_-]+", "-", name.strip().casefold())


def _year(row):
    found = re.search(r"\b(?:19|20)\d\d\b", row["reference"])
    return int(found[0]) if found else 0


def _listed(request):
    """Models as a list of text."""
    models = [request] if isinstance(request, str) else request
    is_list = isinstance(models, list | tuple) and all(isinstance(model, str) for model in models)
    if not (is_list and 1 <= len(models) <= MAX_MODELS):
        raise ValueError(
            f"hadronic_model: expected the name of a model, a list of 1 to {MAX_MODELS}, or a "
            f"dictionary of experiment to one of these, got {request!r}"
        )
    return list(models)
