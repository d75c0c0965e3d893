"""The same statistic in iminuit alone: a plain NumPy model in `LeastSquares` costs, summed.

The model is written straight from Xue & Liu 2025, arXiv:2507.07057, on floats in the units of the
physics layer; what does not depend on parameters is worked out once for each table.
"""

import numpy as np
from iminuit.cost import LeastSquares, NormalConstraint

from crlocal_plugin import GALACTIC_TO_ICRS, CosmicRayFluxDataset
from crlocal_plugin.components.parameters import kernel_unit
from crlocal_plugin.physics.constants import LIGHT_SPEED_CM_S, LIGHT_SPEED_KM_S, PARSEC_CM, YEAR_S
from crlocal_plugin.physics.kinematics import axis_jacobian, axis_to_rigidity

TO_CENTER, _, TO_POLE = GALACTIC_TO_ICRS.T
FLOW = LIGHT_SPEED_CM_S / (4 * np.pi) * 1e4


def _speed(R, nucleus):
    return nucleus.Z * R / np.hypot(nucleus.Z * R, nucleus.rest_energy)


def _direction(ra, dec):
    return np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def _cloud(p):
    """Velocity of the cloud in the local standard of rest in km/s, and its magnetic field."""
    solar_motion = GALACTIC_TO_ICRS @ [p["U_sun"], p["V_sun"], p["W_sun"]]
    velocity = p["u_HC"] * _direction(p["u_HC_ra"], p["u_HC_dec"]) + solar_motion
    return velocity, _direction(p["B_ra"], p["B_dec"])


def _local_diffusion(R, beta, p):
    """Parallel coefficient in the cloud in cm2/s, and perpendicular over parallel."""
    ratio = R / p["R_cr"]
    parallel = 1e23 * p["R_cr"] / (3 * p["B"]) * beta * ratio ** p["delta_local"]
    return parallel, 1 / (1 + ratio ** (2 * p["delta_local"] - 2))


def intensities(R, beta, nucleus, p):
    """Intensities of background, nearby source and Galactic centre in 1/(GV m2 s sr)."""
    name = nucleus.name
    index = p["Gamma"] + p[f"{name}.index_offset"]
    # Eqs. 1-4
    outside = np.sqrt(R**2 + 2 * R * p["phi"] / beta + p["phi"] ** 2)
    escape = p["w"] / YEAR_S * (p["H_G"] * PARSEC_CM) ** 2 / (p["V_G"] * (1e3 * PARSEC_CM) ** 3)
    source = p[f"{name}.Q_0b"] * outside**-index * np.exp(-outside / p["R_cut"])
    # the speed outside cancels between flow and diffusion
    density = escape * source / (p["D_0"] * (outside / 10) ** p["delta"])
    modulation = beta * R**2 / (_speed(outside, nucleus) * outside**2)
    background = FLOW * modulation * density
    # Eqs. 5-8
    D = p["D_0"] * beta * (R / 10) ** p["delta"]
    D_par = p["D_ratio"] * D
    D_perp = p["M_A"] ** 4 * D_par
    velocity, field = _cloud(p)
    speed2 = velocity @ velocity
    cos2 = (velocity @ field) ** 2 / speed2
    parallel, perpendicular = _local_diffusion(R, beta, p)
    kappa = parallel * (cos2 + perpendicular * (1 - cos2))
    age = 4 * p["T_n"] * YEAR_S
    spread = (p["r_par"] ** 2 / D_par + p["r_perp"] ** 2 / D_perp) * PARSEC_CM**2 / age
    advection = np.sqrt(speed2) * 1e5 * p["x"] * PARSEC_CM / kappa
    spectrum = R**-index
    source = p[f"{name}.Q_0n"] * spectrum * np.exp(-R / p["R_cut"] - spread - advection)
    nearby = FLOW * beta * source / ((np.pi * age) ** 1.5 * np.sqrt(D_par) * D_perp)
    # Eqs. 9-10
    age = 4 * p["T_c"] * YEAR_S
    spread = (1e3 * p["r_c"] * PARSEC_CM) ** 2 / (D * age)
    source = p[f"{name}.Q_0c"] * spectrum * np.exp(-R / p["R_cutc"] - spread)
    center = FLOW * beta * source / (np.pi * age * D) ** 1.5
    return background, nearby, center


def dipole(points, p):
    """Equatorial components of the excess, Eqs. 11-15."""
    velocity, field = _cloud(p)
    along = velocity @ field
    across = velocity - along * field
    cos2 = along**2 / (velocity @ velocity)
    moving = -3 * p["C"] * p["u_HC"] * _direction(p["u_HC_ra"], p["u_HC_dec"])
    center = 1.5e3 * p["r_c"] * PARSEC_CM / (p["T_c"] * YEAR_S * LIGHT_SPEED_CM_S)
    total, vector = 0.0, np.zeros((3, 1))
    for nucleus, R, beta, jacobian in points:
        J_b, J_n, J_c = (J * jacobian for J in intensities(R, beta, nucleus, p))
        _, perpendicular = _local_diffusion(R, beta, p)
        nearby = 3 / (LIGHT_SPEED_KM_S * beta * (cos2 + perpendicular * (1 - cos2)))
        field_part = -J_b * p["delta_b"] * (field @ TO_POLE)
        field_part += J_c * center / beta * (field @ TO_CENTER) + J_n * nearby * along
        vector = vector + np.multiply.outer(field, field_part)
        vector = vector + np.multiply.outer(across, J_n * nearby * perpendicular)
        everything = J_b + J_n + J_c
        vector = vector + np.multiply.outer(moving / LIGHT_SPEED_KM_S, everything / beta)
        total = total + everything
    return vector[:2] / total


def summed_costs(datasets, likelihood):
    """Sum of iminuit costs, one for each table and one for each prior.

    Parameters
    ----------
    datasets : `~crlocal_plugin.CosmicRayDatasets`
        Datasets with models. iminuit knows one error for both sides: their mean is taken.
    likelihood : `~crlocal_plugin.JointLikelihood`
        Likelihood of their free parameters.

    Returns
    -------
    `~iminuit.cost.CostSum`
        Function of the values, in the order of the likelihood.
    """
    (model,) = datasets.models
    every = dict(zip(model.parameters.labels, model.parameters, strict=True))
    constants = {label: par.quantity.to_value(kernel_unit(par)) for label, par in every.items()}
    factors = [every[label].unit.to(kernel_unit(every[label])) for label in likelihood.names]

    def values(theta):
        scaled = (value * factor for value, factor in zip(theta, factors, strict=True))
        return constants | dict(zip(likelihood.names, scaled, strict=True))

    costs = []
    for dataset in datasets:
        make = _spectrum if isinstance(dataset, CosmicRayFluxDataset) else _dipole
        x, y, error, predict = make(dataset, model.nuclei)
        costs.append(
            LeastSquares(
                x, y, error,
                lambda x, *theta, predict=predict: predict(values(theta)),
                name=likelihood.names,
            )
        )  # fmt: skip
    for label in likelihood.names:
        prior = every[label].prior
        if prior is not None:
            costs.append(NormalConstraint(label, prior.mu.value, prior.sigma.value))
    return sum(costs)


def _in_fit(dataset):
    return slice(None) if dataset.mask is None else dataset.mask


def _spectrum(dataset, nuclei):
    rows = _in_fit(dataset)
    (nucleus,) = (n for n in nuclei if n.name == dataset.quantity)
    x = dataset.x.value[rows]
    R = axis_to_rigidity(x, nucleus, dataset.axis)
    beta = _speed(R, nucleus)
    jacobian = axis_jacobian(beta, nucleus, dataset.axis)
    errn, errp = (error.value[rows] for error in dataset.intensity_errors)
    return (
        x, dataset.intensity.value[rows], (errn + errp) / 2,
        lambda p: sum(intensities(R, beta, nucleus, p)) * jacobian,
    )  # fmt: skip


def _dipole(dataset, nuclei):
    rows = _in_fit(dataset)
    data, points = dataset.data.take(rows), []
    x = dataset.x.value[rows]
    for nucleus in nuclei:
        R = axis_to_rigidity(x, nucleus, "total_energy")
        beta = _speed(R, nucleus)
        points.append((nucleus, R, beta, axis_jacobian(beta, nucleus, "total_energy")))
    cos, sin = np.cos(data.phase), np.sin(data.phase)

    def predict(p):
        x, y = dipole(points, p)
        return np.concatenate([x * cos + y * sin, y * cos - x * sin])

    measured = np.concatenate([data.amplitude, np.zeros(len(x))])
    errors = np.concatenate([(data.errn + data.errp) / 2, data.tangential])
    return np.tile(x, 2), measured, errors, predict
