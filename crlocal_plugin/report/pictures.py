"""Pictures of a fit inside the page, with what they show in words."""

import base64
import io
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

from ..datasets.dipole import DipoleDataset
from ..datasets.flux import CosmicRayFluxDataset
from ..datasets.mean_log_mass import MeanLogMassDataset
from ..models.cosmic_ray import CosmicRayModel
from ..plots.all_particle import plot_all_particle
from ..plots.dipole import plot_dipole
from ..plots.fractions import plot_component_fractions
from ..plots.mean_log_mass import plot_mean_log_mass
from ..plots.residuals import plot_residuals
from ..plots.sky.directions import plot_sky
from ..plots.spectra import plot_spectra
from ..plots.style import (
    listed,
    species_label,
)
from .markup import (
    element,
    join,
)


def pictures(datasets, progress=None):
    """Draw all pictures of a fit.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.
    progress : callable, optional
        Called with 1 after each picture.

    Returns
    -------
    Markup
        Figures with captions and alternative texts, those of one model after those of another.
    """
    models = [model for model in datasets.models if isinstance(model, CosmicRayModel)]
    figures = []
    for model in models:
        own = [d for d in datasets if getattr(d, "model", None) is model]
        name = f" ({model.name})" if len(models) > 1 else ""
        for title, caption, alt, draw in _drawings(model, own):
            image = _image(draw, alt)
            caption = element("figcaption", f"{title}{name}. {caption}")
            figures.append(element("figure", image, caption))
            if progress is not None:
                progress(1)
    return join(figures, "\n")


def _drawings(model, datasets):
    """Title, caption, alternative text and function of each picture that has something to show."""
    spectra, dipoles = listed(datasets, CosmicRayFluxDataset), listed(datasets, DipoleDataset)
    species = ", ".join(dict.fromkeys(species_label(d.quantity) for d in spectra))
    components = ", ".join(component for component in model.components)
    if spectra:
        yield (
            "Spectra",
            "Solid lines are the totals; others are components. A band is 68 %, from the errors.",
            f"Intensity against total energy: measurements of {species} by "
            f"{_experiments(spectra)}, and the curves of the model with its components "
            f"{components}.",
            partial(plot_spectra, model, datasets),
        )
    sums = [dataset for dataset in spectra if dataset.quantity == "all_particle"]
    if sums:
        yield (
            "All particles",
            "Bold lines are the sums that the data are compared with, thin ones the species. A "
            "band is 68 %, from the errors.",
            f"Intensity of all particles against total energy: measurements by "
            f"{_experiments(sums)}, and the curves of the model with its species "
            f"{', '.join(model.species)}.",
            partial(plot_all_particle, model, datasets),
        )
    masses = listed(datasets, MeanLogMassDataset)
    if masses:
        yield (
            "Mean logarithmic mass",
            "Of all particles at one total energy; thin lines are those of single nuclei. A band "
            "is 68 %, from the errors.",
            f"Mean logarithm of the mass number against total energy: measurements by "
            f"{_experiments(masses)}, and the curve of the model.",
            partial(plot_mean_log_mass, model, datasets),
        )
    if dipoles:
        yield (
            "Dipole",
            "Amplitude on the equator and right ascension of the maximum. A band is 68 %, from the "
            "errors.",
            f"Amplitude and phase of the dipole against energy: measurements by "
            f"{_experiments(dipoles)}, and the curves of the model with its components "
            f"{components}.",
            partial(plot_dipole, model, datasets),
        )
    if any(component.dipole_model is not None for component in model.components.values()):
        yield (
            "Sky",
            "Directions of the model, and the direction of the dipole as the energy grows.",
            "Map of the sky in equatorial coordinates with the directions that shape the dipole "
            "and the track of the dipole with energy.",
            partial(plot_sky, model),
        )
    yield (
        "Residuals",
        "Pulls, (data − model) / error, as they enter the statistic; the bands are one and two "
        "standard deviations.",
        f"Pulls against energy of {_experiments(datasets)}; their sizes follow from chi2 and "
        "numbers in the table of the data.",
        partial(plot_residuals, datasets),
    )
    yield (
        "Shares of the components",
        "Fraction of the intensity of all species that each component gives.",
        f"Fractions of the intensity against energy of the components {components}.",
        partial(plot_component_fractions, model),
    )


def _experiments(datasets):
    return ", ".join(dict.fromkeys(d.experiment for d in datasets))


def _image(draw, alt):
    """Element of a picture, the same bytes for the same picture."""
    # ids are random without the salt; text as curves needs no font of the reader
    style = {"svg.hashsalt": "crlocal_plugin", "svg.fonttype": "path"}
    file = io.BytesIO()
    with plt.ioff(), plt.rc_context(style):
        figure = np.ravel(draw())[0].figure
        figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)
    content = base64.b64encode(file.getvalue()).decode()
    return element("img", src=f"data:image/svg+xml;base64,{content}", alt=alt)
