"""
Posterior and evidence
======================

Strengths and modulation of the proton spectrum: samples, corner plot, and whether the data ask
for the nearby source.
"""

import astropy.units as u
import numpy as np

import crlocal_plugin as crl


def proton_spectrum(free):
    """Spectra of protons with some parameters free; the others are those of Table I."""
    model = crl.xue_liu_2025()
    datasets = crl.load_datasets(["ams-02_h_2015", "dampe_h"])
    datasets.models = [model]
    model.freeze()
    crl.free_parameters(datasets, free)
    crl.set_proper_priors(datasets)
    return datasets


# %%
# Samples come with figures that say whether they can be trusted.

datasets = proton_spectrum(["H.Q_0b", "H.Q_0n", "Gamma", "phi"])
posterior = crl.sample(datasets, random_state=1)
print(posterior)
posterior.write("posterior.nc", overwrite=True)

# %%

crl.plot_corner(posterior)

# %%
# Samples propagate to everything that the model predicts.

again = crl.Posterior.read("posterior.nc")
flux = []
for values in again.draw(200, random_state=1):
    again.assign(again.models, values)
    flux.append(again.models[0].intensity(1 * u.TV, species="H").value)
print(f"intensity at 1 TV: {np.mean(flux):.4g} +- {np.std(flux):.1g} 1/(GV m2 s sr)")

# %%
# Nested sampling gives the evidence of the spectrum with and without the nearby source.

entries = {
    "without the nearby source": proton_spectrum(["H.Q_0b", "Gamma", "phi"]),
    "with it": datasets,
}
entries["without the nearby source"].models[0].parameters["H.Q_0n"].value = 0.0
print(crl.compare_models(entries, evidence=True, n_live=100, random_state=1))
