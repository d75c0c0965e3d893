"""Pictures of a fit inside the page, with what they show in words."""

import base64
import io
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from ..datasets.core import CosmicRayDataset
from ..models.cosmic_ray import CosmicRayModel
from ..plots.pictures import PICTURES
from ..plots.style import species_label


class Words(NamedTuple):
    """What a page says of a picture, which has nothing to show without data of the quantity."""

    title: str
    caption: str
    alt: str
    quantity: str | None = None


WORDS = {
    "spectra": Words(
        "Spectra",
        "Solid lines are the totals; others are components. A band is 68 %, from the errors.",
        "Intensity against total energy: measurements of {quantities} by {experiments}, and the "
        "curves of the model with its components {components}.",
    ),
    "all-particle": Words(
        "All particles",
        "Bold lines are the sums that the data are compared with, thin ones the species. A band is "
        "68 %, from the errors.",
        "Intensity of all particles against total energy: measurements by {experiments}, and the "
        "curves of the model with its species {species}.",
        quantity="all_particle",
    ),
    "mean-log-mass": Words(
        "Mean logarithmic mass",
        "Of all particles at one total energy; thin lines are those of single nuclei. A band is "
        "68 %, from the errors.",
        "Mean logarithm of the mass number against total energy: measurements by {experiments}, "
        "and the curve of the model.",
    ),
    "dipole": Words(
        "Dipole",
        "Amplitude on the equator and right ascension of the maximum. A band is 68 %, from the "
        "errors.",
        "Amplitude and phase of the dipole against energy: measurements by {experiments}, and the "
        "curves of the model with its components {components}.",
    ),
    "sky": Words(
        "Sky",
        "Directions of the model, and the direction of the dipole as the energy grows.",
        "Map of the sky in equatorial coordinates with the directions that shape the dipole and "
        "the track of the dipole with energy.",
    ),
    "residuals": Words(
        "Residuals",
        "Pulls, (data − model) / error, as they enter the statistic; the bands are one and two "
        "standard deviations.",
        "Pulls against energy of {experiments}; their sizes follow from chi2 and numbers in the "
        "table of the data.",
    ),
    "fractions": Words(
        "Shares of the components",
        "Fraction of the intensity of all species that each component gives.",
        "Fractions of the intensity against energy of the components {components}.",
    ),
}
"""Words by the name of the picture, in the order of the page."""


class Figure(NamedTuple):
    """A picture as the page shows it."""

    source: str
    title: str
    caption: str
    alt: str


def pictures(datasets, progress=None):
    """Draw what a fit has to show, model by model (list of Figure); 1 to progress after each."""
    models = [model for model in datasets.models if isinstance(model, CosmicRayModel)]
    figures = []
    for model in models:
        own = [d for d in datasets if isinstance(d, CosmicRayDataset) and d.model is model]
        name = f" ({model.name})" if len(models) > 1 else ""
        for key, words in WORDS.items():
            shown = _shown(own, PICTURES[key].kind, words.quantity)
            if not shown or (key == "sky" and not _has_dipole(model)):
                continue
            alt = words.alt.format(
                components=", ".join(model.components),
                species=", ".join(model.species),
                experiments=_listing(dataset.experiment for dataset in shown),
                quantities=_listing(species_label(dataset.quantity) for dataset in shown),
            )
            source = svg_source(PICTURES[key].draw, own)
            figures.append(Figure(source, words.title + name, words.caption, alt))
            if progress is not None:
                progress(1)
    return figures


def _shown(datasets, kind, quantity):
    """Datasets that a picture compares with the model."""
    return [
        dataset
        for dataset in datasets
        if kind in (None, getattr(dataset, "kind", None)) and quantity in (None, dataset.quantity)
    ]


def _has_dipole(model):
    return any(component.dipole_model is not None for component in model.components.values())


def _listing(names):
    return ", ".join(dict.fromkeys(names))


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
