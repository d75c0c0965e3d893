"""Words for the points of a picture: whose they are, what was measured, and how it pulls."""

import re

import numpy as np
from markupsafe import Markup

from ..datasets.plot_axes import points_in_fit
from ..datasets.plotting import picture_of
from ..likelihood.summary import rounded
from ..plots.points import source_names
from .cells import joined, unit_text

_CIRCLE = Markup('<circle cx="{}" cy="{}" r="4"><title>{}</title></circle>')


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def described_points(figure, left, top):
    """Circles over the points of a drawn figure, which have their words as title.

    The corner of the picture is at ``left`` and ``top``, in points; y grows downwards from there.
    """
    words, circles = {}, []
    for line in figure.findobj(lambda artist: hasattr(artist, "source")):
        dataset, rows = line.source
        if dataset.name not in words:
            words[dataset.name] = list(_words(dataset))
        places = line.get_transform().transform(line.get_xydata())
        for row, (x, y) in zip(rows, places, strict=True):
            if line.axes.bbox.contains(x, y) and words[dataset.name]:
                place = f"{x - left:.1f}", f"{top - y:.1f}"
                circles.append(_CIRCLE.format(*place, words[dataset.name][row]))
    return Markup('<g class="points">\n{}\n</g>\n').format(joined(circles, "\n"))


def _words(dataset):
    """Text of each point, in lines."""
    picture, numbers = picture_of(dataset), picture_of(dataset).numbers()
    pulls, in_fit = picture.pulls(), points_in_fit(dataset)
    axis = getattr(dataset, "axis", "total_energy").replace("_", " ")
    for row in range(len(dataset.table) if numbers else 0):
        x = _as_in_a_book(f"{dataset.x.value[row]:.4g}")
        lines = [
            f"{source_names([dataset])[0]}, {dataset.name}",
            f"{axis} {x} {unit_text(dataset.x.unit)}",
            *(_number(*number, row, dataset.is_ul[row]) for number in numbers),
            *_pulls(pulls[row], picture.pull_names),
            *["not in the fit"] * (not in_fit[row]),
        ]
        yield "\n".join(lines)


def _number(name, values, errn, errp, unit, row, is_limit):
    """Line about one number of a point."""
    value, down, up = values[row], errn[row], errp[row]
    if not np.isfinite(value):
        return f"{name}: none"
    if is_limit:
        text = f"< {value:.3g}"
    else:
        (text, lower), (_, upper) = rounded(value, down, up), rounded(value, up, down)
        text += f" ± {lower}" if down == up else f" +{upper} −{lower}"
    return f"{name} {_as_in_a_book(text)} {unit_text(unit)}".rstrip()


def _as_in_a_book(text):
    """Numbers with powers of ten in place of "e-06"."""
    return re.sub(r"e([+-]?\d+)", lambda match: f" × 10{_raised(match[1])}", text)


def _raised(power):
    return str(int(power)).translate(_SUPERSCRIPTS)


def _pulls(pulls, names):
    """Lines about the pulls of a point."""
    for pull, name in zip(pulls, names or [""], strict=True):
        if np.isfinite(pull):
            yield f"pull {pull:+.1f} {name}".replace("-", "−").rstrip()
