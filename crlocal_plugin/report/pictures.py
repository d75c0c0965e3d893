"""Pictures of a fit inside the page, with what they show in words."""

import base64
import io
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from ..datasets.core import CosmicRayDataset
from ..files import shipped_yaml
from ..models.cosmic_ray import CosmicRayModel
from ..plots.pictures import PICTURES
from ..plots.style import species_label

_WORDS = Path(__file__).with_name("templates") / "pictures.yaml"


class Figure(NamedTuple):
    """A picture as the page shows it."""

    source: str
    title: str
    caption: str
    alt: str


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
                components=", ".join(model.components),
                species=", ".join(model.species),
                experiments=", ".join(dict.fromkeys(d.experiment for d in shown)),
                quantities=", ".join(dict.fromkeys(species_label(d.quantity) for d in shown)),
            )
            source = svg_source(PICTURES[key].draw, own)
            figures.append(Figure(source, entry["title"] + name, entry["caption"], alt))
            if progress is not None:
                progress(1)
    return figures


def svg_source(draw, datasets):
    """Draw a picture; its address holds all of it, the same bytes for the same picture."""
    # ids are random without the salt; text as curves needs no font of the reader
    style = {"svg.hashsalt": "crlocal_plugin", "svg.fonttype": "path"}
    file = io.BytesIO()
    with plt.ioff(), plt.rc_context(style):
        figure = np.ravel(draw(datasets))[0].figure
        figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)
    return f"data:image/svg+xml;base64,{base64.b64encode(file.getvalue()).decode()}"
