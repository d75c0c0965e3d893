"""Styles that are the same in every picture.

Colours are those of Okabe & Ito (2008), which colour-blind readers tell apart; line styles and
markers tell the same in grey.
"""

import zlib

from matplotlib.textpath import TextPath

_ORANGE, _SKY_BLUE, _GREEN, _BLUE = "#E69F00", "#56B4E9", "#009E73", "#0072B2"
_VERMILLION, _PURPLE, _BLACK = "#D55E00", "#CC79A7", "#000000"

_DASH_DOT_DOT = (0, (6, 1.5, 1, 1.5, 1, 1.5))

COMPONENT_STYLES = {
    "total": {"color": _BLACK, "linestyle": "solid"},
    "background": {"color": _BLUE, "linestyle": "dashed"},
    "nearby": {"color": _VERMILLION, "linestyle": "dashdot"},
    "galactic-center": {"color": _GREEN, "linestyle": "dotted"},
    "compton-getting": {"color": _PURPLE, "linestyle": _DASH_DOT_DOT},
}
"""Colour and line style by component; to give a new component its own, add a row."""

COMPONENT_HATCHES = {
    "background": "///",
    "nearby": "\\\\\\",
    "galactic-center": "...",
    "compton-getting": "xxx",
}
"""Hatching of areas by component."""

_OTHER_HATCHES = ("---", "|||", "+++", "ooo")

_OTHER_COMPONENTS = [
    {"color": color, "linestyle": linestyle}
    for linestyle in ((0, (10, 3)), (0, (1, 3)), (0, (3, 1, 1, 1)))
    for color in (_ORANGE, _SKY_BLUE)
]

SPECIES_COLORS = {
    "H": _BLUE,
    "He": _ORANGE,
    "C": _GREEN,
    "O": _SKY_BLUE,
    "Fe": _VERMILLION,
    "N": "#999933",
    "Ne": "#882255",
    "Na": "#8C564B",
    "Mg": "#6A3D9A",
    "Al": "#44AA99",
    "Si": "#117733",
    "S": "#332288",
    "CNO": _GREEN,
    "Ne-S": "#6A3D9A",
    "Fe-group": _VERMILLION,
    "light": _PURPLE,
    "all_particle": _BLACK,
}
"""Colour by species or sum of species; a group of elements has that of one of them.

Okabe & Ito have no colours left for the rarer nuclei: names on the curves tell those too.
"""

SPECIES_LINESTYLES = {"H": "dashdot", "He": "dotted"}
"""Line style by species where each is drawn alone, as in Xue & Liu 2025, Fig. 2."""

_NAME_SIZE = 9
"""Size of the names of species on their curves in points."""

_FEW_NAMES = 3
"""Curves with place for three names each."""

_OTHER_SPECIES = (_PURPLE, _GREEN, _VERMILLION, _SKY_BLUE)

_SPECIES_LABELS = {"light": "H + He", "all_particle": "all particles"}

EXPERIMENT_MARKERS = {
    "AMS-02": ("o", True),
    "ARGO-YBJ": ("s", True),
    "Baksan Carpet": ("X", False),
    "CALET": ("D", False),
    "CREAM": ("^", True),
    "DAMPE": ("s", False),
    "EAS-TOP": ("v", True),
    "GRAPES-3": ("p", False),
    "HAWC": ("h", False),
    "HAWC + IceCube": ("h", True),
    "ISS-CREAM": ("^", False),
    "IceCube": ("D", True),
    "IceTop": ("D", False),
    "IceTop-IceCube": ("P", True),
    "JACEE": ("v", False),
    "KASCADE": ("D", True),
    "KASCADE-Grande": ("^", True),
    "Kamiokande": ("o", False),
    "LHAASO": ("P", False),
    "LHAASO-KM2A": ("P", False),
    "MACRO": ("<", False),
    "Mt. Norikura": (">", False),
    "Musala Peak": (">", True),
    "Pierre Auger Observatory": ("*", True),
    "Super-Kamiokande": ("p", True),
    "Tibet ASgamma": ("o", True),
    "Underground muon telescopes": ("X", True),
}
"""Marker and whether it is filled, by experiment; spectra and dipoles may share one."""

_ALL_MARKERS = [(marker, filled) for filled in (True, False) for marker in "osD^v<>pPX*hd8"]


def _fallback(name, options):
    # Python's own hash of a text differs from one run to the next
    return options[zlib.crc32(name.encode()) % len(options)]


def component_style(name):
    """Colour and line style of a component or of "total", always the same for a name (dict)."""
    return dict(COMPONENT_STYLES.get(name) or _fallback(name, _OTHER_COMPONENTS))


def component_hatch(name):
    """Hatching of the areas of a component, always the same for a name (str)."""
    return COMPONENT_HATCHES.get(name) or _fallback(name, _OTHER_HATCHES)


def species_color(name):
    """Colour of a species, "light" or "all_particle", always the same for a name (str)."""
    return SPECIES_COLORS.get(name) or _fallback(name, _OTHER_SPECIES)


def species_style(name):
    """Style of a curve of one species alone, whose name stands on it (dict)."""
    linestyle = SPECIES_LINESTYLES.get(name, "solid")
    style = {"color": species_color(name), "linestyle": linestyle, "linewidth": 1.8}
    return style | name_marker(name)


def name_marker(name):
    """Style of the marker that writes the name of a species on its curve (dict)."""
    label = {"light": "H+He", "all_particle": "all"}.get(name, name)
    # a plain hyphen would be a minus sign
    label = label.replace("+", "{+}").replace("-", "\N{HYPHEN}")
    text = f"$\\mathrm{{{label}}}$"
    extents = TextPath((0, 0), text, size=_NAME_SIZE).get_extents()
    return {
        "marker": text,
        # matplotlib fits the longer side of a text into the size
        "markersize": max(extents.width, extents.height),
        "markerfacecolor": _BLACK,
        "markeredgecolor": _BLACK,
        "markeredgewidth": 0.4,
    }


def name_places(number, n):
    """Points at which curve ``number`` of ``n`` bears its name, others than on its neighbours."""
    step = 120 if n <= _FEW_NAMES else 180
    return list(range(20 + step * number // n, 370, step))


def species_label(name):
    """Name of a species or a sum of species for a legend (str)."""
    return _SPECIES_LABELS.get(name, name)


def experiment_markers(experiments):
    """Marker by experiment, and whether it is filled, no two alike (dict of str to tuple).

    An experiment keeps its marker from picture to picture, unless another of the picture has it.
    """
    experiments = list(dict.fromkeys(experiments))
    markers = {}
    # known ones first, so that a new experiment never takes the marker of another
    for name in sorted(experiments, key=lambda name: name not in EXPERIMENT_MARKERS):
        first = EXPERIMENT_MARKERS.get(name) or _fallback(name, _ALL_MARKERS)
        position = _ALL_MARKERS.index(first)
        candidates = _ALL_MARKERS[position:] + _ALL_MARKERS[:position]
        free = [marker for marker in candidates if marker not in markers.values()]
        markers[name] = free[0] if free else first
    return {name: markers[name] for name in experiments}
