"""Styles that are the same in every picture, as they are in ``styles.yaml``."""

import zlib
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.textpath import TextPath

from ..files import shipped_yaml
from ..messages import unknown_name

_STYLES = shipped_yaml(Path(__file__).with_name("styles.yaml"))


def _curve(row):
    line = row["linestyle"]
    dashes = line if isinstance(line, str) else (0, tuple(line))
    return {"color": row["color"], "linestyle": dashes}


COMPONENT_LABELS = {n: row["label"] for n, row in _STYLES["components"].items()}
"""Name in a legend by component."""


COMPONENT_STYLES = {name: _curve(row) for name, row in _STYLES["components"].items()}
"""Colour and line style by component; to give a new component its own, add a row."""

_OTHER_COMPONENTS = [_curve(row) for row in _STYLES["other_components"]]

COMPONENT_HATCHES = {n: row["hatch"] for n, row in _STYLES["components"].items() if "hatch" in row}
"""Hatching of areas by component."""

SPECIES_COLORS = _STYLES["species"]
"""Colour by species or sum of species."""

SPECIES_LINESTYLES = _STYLES["species_alone"]
"""Line style by species where each is drawn alone."""

EXPERIMENT_MARKERS = {name: tuple(marker) for name, marker in _STYLES["experiments"].items()}
"""Marker and whether it is filled, by experiment."""

_ALL_MARKERS = [(marker, filled) for filled in (True, False) for marker in "osD^v<>pPX*hd8"]


def _fallback(name, options):
    # Python's own hash of a text differs from one run to the next
    return options[zlib.crc32(name.encode()) % len(options)]


def component_style(name):
    """Colour and line style of a component or of "total", always the same for a name (dict)."""
    return dict(COMPONENT_STYLES.get(name) or _fallback(name, _OTHER_COMPONENTS))


def component_label(name):
    """Name of a component or of "total" in a legend (str)."""
    return COMPONENT_LABELS.get(name, name)


def component_hatch(name):
    """Hatching of the areas of a component, always the same for a name (str)."""
    return COMPONENT_HATCHES.get(name) or _fallback(name, _STYLES["other_hatches"])


def species_color(name):
    """Colour of a species, "light" or "all_particle", always the same for a name (str)."""
    return SPECIES_COLORS.get(name) or _fallback(name, _STYLES["other_species"])


def species_style(name):
    """Style of a curve of one species alone (dict)."""
    linestyle = SPECIES_LINESTYLES.get(name, "solid")
    return {"color": species_color(name), "linestyle": linestyle, "linewidth": 1.8}


def name_marker(name):
    """Style of the marker that writes the name of a species on its curve (dict)."""
    label = {"light": "H+He", "all_particle": "all"}.get(name, name)
    # a plain hyphen would be a minus sign
    label = label.replace("+", "{+}").replace("-", "\N{HYPHEN}")
    text = f"$\\mathrm{{{label}}}$"
    extents = TextPath((0, 0), text, size=9).get_extents()
    # matplotlib fits the longer side of a text into the size
    size = {"marker": text, "markersize": max(extents.width, extents.height)}
    return size | {"markerfacecolor": "black", "markeredgecolor": "black", "markeredgewidth": 0.4}


def name_places(number, n):
    """Points at which curve ``number`` of ``n`` bears its name, others than on its neighbours."""
    # few curves have place for three names each
    step = 120 if n <= 3 else 180
    # those that follow each other are often close in height
    place = number // 2 + (number % 2) * (n + 1) // 2
    return list(range(20 + step * place // n, 370, step))


def species_label(name):
    """Name of a species or a sum of species for a legend (str)."""
    return {"light": "H + He", "all_particle": "all particles"}.get(name, name)


def experiment_markers(experiments):
    """Marker by experiment, and whether it is filled (dict of str to tuple).

    It is the same in every picture, unless another experiment of the picture has it.
    """
    experiments = list(dict.fromkeys(experiments))
    markers = {}
    # known ones first, so that a new experiment never takes the marker of another
    for name in sorted(experiments, key=lambda name: name not in EXPERIMENT_MARKERS):
        first = EXPERIMENT_MARKERS.get(name) or _fallback(name, _ALL_MARKERS)
        position = _ALL_MARKERS.index(first)
        candidates = _ALL_MARKERS[position:] + _ALL_MARKERS[:position]
        markers[name] = next((m for m in candidates if m not in markers.values()), first)
    return {name: markers[name] for name in experiments}


def journal_style(columns="single"):
    """Make pictures as wide as the columns of a journal, with fonts that it takes.

    A context for drawing and saving: fonts in PDF are TrueType, texts in SVG are curves, and
    legends of pictures one column wide stand above their axes.

    Parameters
    ----------
    columns : {"single", "double"}, optional
        Width of 3.4 in or 7 in.

    Returns
    -------
    `contextlib.AbstractContextManager`

    Raises
    ------
    ValueError
        If there is no such width.
    """
    styles = {name: _STYLES["journal"][name] for name in ("single", "double")}
    if columns not in styles:
        raise ValueError(unknown_name(columns, styles, "columns "))
    return plt.rc_context(styles[columns])
