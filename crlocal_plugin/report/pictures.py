"""Pictures of a fit inside the page, with what they show in words."""

import io
import re
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from markupsafe import Markup

from ..datasets.core import CosmicRayDataset
from ..files import shipped_yaml
from ..models.cosmic_ray import CosmicRayModel
from ..plots.pictures import PICTURES
from ..plots.style import component_label, species_label
from .points import described_points

_WORDS = Path(__file__).with_name("templates") / "pictures.yaml"


_IDS = re.compile(r'\bid="|href="#|url\(#')


class Figure(NamedTuple):
    """A picture as the page shows it."""

    svg: Markup
    title: str
    caption: str


def pictures(datasets, progress=None):
    """Draw what a fit has to show, model by model (list of Figure); 1 to progress after each."""
    models = [model for model in datasets.models if isinstance(model, CosmicRayModel)]
    words = shipped_yaml(_WORDS)
    figures = []
    for model in models:
        own = [d for d in datasets if isinstance(d, CosmicRayDataset) and d.model is model]
        name = f" ({model.name})" if len(models) > 1 else ""
        has_dipole = any(c.dipole_model is not None for c in model.components.values())
        for key, entry in words.items():
            kind, quantity = PICTURES[key].kind, entry.get("quantity")
            shown = [d for d in own if kind in (None, d.kind) and quantity in (None, d.quantity)]
            if not shown or (key == "sky" and not has_dipole):
                continue
            alt = entry["alt"].format(
                components=", ".join(map(component_label, model.components)),
                species=", ".join(model.species),
                experiments=", ".join(dict.fromkeys(d.experiment for d in shown)),
                quantities=", ".join(dict.fromkeys(species_label(d.quantity) for d in shown)),
            )
            svg = svg_picture(PICTURES[key].draw, own, f"picture{len(figures)}", alt)
            figures.append(Figure(svg, entry["title"] + name, entry["caption"]))
            if progress is not None:
                progress(1)
    return figures


def svg_picture(draw, datasets, name, alt):
    """Draw a picture as part of a page (`~markupsafe.Markup`), the same for the same picture.

    ``name`` makes ids unique on the page; ``alt`` is for readers who cannot see the picture.
    """
    # ids are random without the salt; text as curves needs no font of the reader
    style = {"svg.hashsalt": "crlocal_plugin", "svg.fonttype": "path"}
    file = io.StringIO()
    with plt.ioff(), plt.rc_context(style):
        figure = np.ravel(draw(datasets))[0].figure
        figure.set_dpi(72)  # points, the unit of the file
        figure.draw_without_rendering()
        page = figure.get_tightbbox().padded(0.1)
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", bbox_inches=page, metadata=nothing)
        words = described_points(figure, 72 * page.x0, 72 * page.y1)
        plt.close(figure)
    svg = file.getvalue()
    svg = _IDS.sub(rf"\g<0>{name}-", svg[svg.index("<svg") + 4 : svg.rindex("</svg>")])
    return Markup('<svg role="img" aria-label="{}"{}{}</svg>').format(alt, Markup(svg), words)
