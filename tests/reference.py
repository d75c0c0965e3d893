"""Independent evaluation of the equations of Xue & Liu 2025 (arXiv:2507.07057) with mpmath.

Written from the paper alone, in CGS units, one number at a time, with 40 digits. Nothing of the
package is imported. Parameters are dictionaries in the units of the paper: rigidities R_cut,
R_cutc and R_cr in PV, phi in GV, D_0 in cm2/s, w in 1/yr, H_G, r_par, r_perp and x in pc, V_G in
kpc3, grammage in g/cm2, T_n in yr, T_c in Myr, r_c in kpc, B in uG, speeds in km/s, angles in deg,
strengths in 1/GV. Rigidities of particles are in GV, energies in GeV, intensities in
1/(GV m2 s sr).
"""

from typing import NamedTuple

from mpmath import mp, mpf

mp.dps = 40

# SI 2019, exact
LIGHT_SPEED_CM = mpf("29979245800")
# IAU 2012 resolution B2: astronomical unit, exact; IAU 2015 resolution B2: parsec
ASTRONOMICAL_UNIT_CM = mpf("14959787070000")
PARSEC_CM = 648000 * ASTRONOMICAL_UNIT_CM / mp.pi
# IAU: Julian year
YEAR_S = mpf("31557600")

# Hipparcos and Tycho Catalogues, ESA SP-1200 (1997), Vol. 1, Sec. 1.5.3: ICRS position of the
# north Galactic pole and Galactic longitude of the ascending node on the ICRS equator, in deg
POLE_RA = mpf("192.85948")
POLE_DEC = mpf("27.12825")
NODE_LONGITUDE = mpf("32.93192")

# the same, Eq. 1.5.11: the printed matrix; rows are the Galactic axes in ICRS coordinates
GALACTIC_AXES = [
    [mpf("-0.0548755604"), mpf("-0.8734370902"), mpf("-0.4838350155")],
    [mpf("0.4941094279"), mpf("-0.4448296300"), mpf("0.7469822445")],
    [mpf("-0.8676661490"), mpf("-0.1980763734"), mpf("0.4559837762")],
]

# Table I, Secs. II A and II B; the grammage is not of the paper
PAPER = {
    "Gamma": 2.6,
    "index_offset": 0.0,
    "R_cut": 4.0,
    "R_cutc": 100.0,
    "phi": 0.97,
    "D_0": 2.15e28,
    "delta": 1 / 3,
    "w": 0.03,
    "H_G": 100.0,
    "V_G": 10.0,
    "grammage": 5.9,
    "T_n": 3.4e5,
    "r_par": 250.0,
    "r_perp": 18.5,
    "D_ratio": 3.0,
    "M_A": 0.1,
    "T_c": 4.0,
    "r_c": 8.5,
    "x": 1.6,
    "R_cr": 3.0,
    "B": 3.0,
    "delta_local": 1 / 3,
    "B_ra": 48.5,
    "B_dec": -21.2,
    "u_HC": 25.4,
    "u_HC_ra": 74.9,
    "u_HC_dec": 17.6,
    "U_sun": 11.1,
    "V_sun": 15.5,
    "W_sun": 7.25,
    "delta_b": 6e-4,
    "lon_b": 0.0,
    "lat_b": 90.0,
    "lon_c": 0.0,
    "lat_c": 0.0,
    "C": 1.6,
}

# Table I and Sec. II A, by species
PAPER_SPECIES = {
    "H": {"Q_0b": 4.6e52, "Q_0n": 4.7e52, "Q_0c": 5e57, "index_offset": 0.0},
    "He": {"Q_0b": 6.9e51, "Q_0n": 7.05e51, "Q_0c": 8e56, "index_offset": -0.077},
}

# one value away from the default for every parameter
OTHER_VALUES = {
    "Q_0b": 3.1e52,
    "Q_0n": 6.3e51,
    "Q_0c": 2.2e58,
    "Gamma": 2.37,
    "index_offset": -0.13,
    "R_cut": 0.7,
    "R_cutc": 4.0,
    "phi": 0.41,
    "D_0": 4.4e28,
    "delta": 0.46,
    "w": 0.017,
    "H_G": 230.0,
    "V_G": 37.0,
    "grammage": 8.7,
    "T_n": 1.9e5,
    "r_par": 310.0,
    "r_perp": 11.5,
    "D_ratio": 2.2,
    "M_A": 0.16,
    "T_c": 2.0,
    "r_c": 8.178,
    "x": 0.37,
    "R_cr": 11.0,
    "B": 5.5,
    "delta_local": 0.52,
    "B_ra": 52.3,
    "B_dec": -31.7,
    "u_HC": 23.2,
    "u_HC_ra": 78.5,
    "u_HC_dec": 15.1,
    "U_sun": 9.4,
    "V_sun": 11.7,
    "W_sun": 8.6,
    "delta_b": 1.7e-3,
    "lon_b": 65.0,
    "lat_b": 40.0,
    "lon_c": 12.0,
    "lat_c": -7.0,
    "C": 1.53,
}


class Nucleus(NamedTuple):
    """Charge number, mass number, rest energy in GeV."""

    Z: int
    A: int
    m: float


# CODATA 2018 proton and alpha particle; Fe-56 from its atomic mass excess of -60607.1 keV
# (AME2020), less 26 electrons, binding of electrons left out
NUCLEI = {
    "H": Nucleus(1, 1, 0.93827208816),
    "He": Nucleus(2, 4, 3.7273794066),
    "Fe": Nucleus(26, 56, 56 * 0.93149410242 - 60607.1e-6 - 26 * 0.51099895e-3),
}


def parameters(species="H", **changes):
    """Parameters of the paper for one species, with changes."""
    values = {**PAPER, **PAPER_SPECIES[species], **changes}
    return {name: mpf(value) for name, value in values.items()}


# ---------------------------------------------------------------- kinematics, below Eq. 15


def total_energy(R, nucleus):
    """E = sqrt((Z e R)^2 + m^2 c^4)."""
    return mp.sqrt((nucleus.Z * mpf(R)) ** 2 + mpf(nucleus.m) ** 2)


def speed(R, nucleus):
    """Speed v / c = p c / E."""
    return nucleus.Z * mpf(R) / total_energy(R, nucleus)


def on_axis(R, nucleus, axis):
    """Value on an axis at a rigidity."""
    if axis == "rigidity":
        return mpf(R)
    kinetic = total_energy(R, nucleus) - mpf(nucleus.m)
    return {
        "total_energy": total_energy(R, nucleus),
        "kinetic_energy": kinetic,
        "kinetic_energy_per_nucleon": kinetic / nucleus.A,
    }[axis]


def rigidity_at_energy(E, nucleus):
    """Rigidity of a total energy."""
    return mp.sqrt(mpf(E) ** 2 - mpf(nucleus.m) ** 2) / nucleus.Z


# ---------------------------------------------------------------- spectra, Eqs. 1-10, 16


def diffusion(R, nucleus, p):
    """Eq. 2, in cm2/s."""
    return p["D_0"] * speed(R, nucleus) * (mpf(R) / 10) ** p["delta"]


def source_spectrum(R, strength, cutoff_pv, p):
    """Eqs. 8 and 10, in 1/GV."""
    index = p["Gamma"] + p["index_offset"]
    return strength * mpf(R) ** (-index) * mp.exp(-mpf(R) / (cutoff_pv * 10**6))


def leaky_box(R, nucleus, p):
    """Eq. 1."""
    v = speed(R, nucleus) * LIGHT_SPEED_CM
    rate = p["w"] / YEAR_S
    thickness = p["H_G"] * PARSEC_CM
    volume = p["V_G"] * (1000 * PARSEC_CM) ** 3
    factor = v * rate * thickness**2 / (4 * mp.pi * volume * diffusion(R, nucleus, p))
    return factor * source_spectrum(R, p["Q_0b"], p["R_cut"], p) * 10**4


def interstellar_rigidity(R_observed, nucleus, phi):
    """Eq. 4."""
    R = mpf(R_observed)
    return mp.sqrt(R**2 + 2 * R * phi / speed(R, nucleus) + phi**2)


def background(R_observed, nucleus, p):
    """Eqs. 3-4."""
    R = interstellar_rigidity(R_observed, nucleus, p["phi"])
    factor = speed(R_observed, nucleus) * mpf(R_observed) ** 2 / (speed(R, nucleus) * R**2)
    return factor * leaky_box(R, nucleus, p)


# CODATA 2018: atomic mass unit
ATOMIC_MASS_UNIT_G = mpf("1.66053906660e-24")
ATOMIC_MASS_UNIT_GEV = mpf("0.93149410242")


def interaction_length(R, nucleus):
    """Interaction length in g/cm2 in ten atoms of hydrogen for one of helium.

    Letaw, Silberberg & Tsao 1983, ApJS 51, 271, and Ferrando et al. 1988, Phys. Rev. C 37, 1490.
    """
    A = mpf(nucleus.m) / ATOMIC_MASS_UNIT_GEV
    E = 1000 * (total_energy(R, nucleus) - mpf(nucleus.m)) / A
    # the formula is for more than 10 MeV per nucleon
    E = max(E, mpf(10))
    sigma = 45 * A ** mpf("0.7") * (1 + mpf("0.016") * mp.sin(mpf("5.3") - mpf("2.63") * mp.log(A)))
    sigma *= 1 - mpf("0.62") * mp.exp(-E / 200) * mp.sin(mpf("10.9") * E ** mpf("-0.28"))
    if nucleus.Z == 2:
        sigma *= mpf("0.8")
    on_helium = sigma * mpf("2.10") * A ** mpf("-0.055")
    mass = (mpf("1.008") + mpf("0.1") * mpf("4.0026")) * ATOMIC_MASS_UNIT_G
    return mass / ((sigma + mpf("0.1") * on_helium) * mpf("1e-27"))


def background_with_loss(R_observed, nucleus, p):
    """Eqs. 3-4 with escape and inelastic loss: N = Q / (1 / tau_escape + 1 / tau_loss)."""
    R = interstellar_rigidity(R_observed, nucleus, p["phi"])
    flux = background(R_observed, nucleus, p)
    if nucleus.Z == 1:
        return flux
    escape = p["grammage"] * (10 / R) ** p["delta"]
    return flux * (1 / escape) / (1 / escape + 1 / interaction_length(R, nucleus))


def gyroradius_cm(R, p):
    """Gyro-radius: R in V over B in T and c in m/s, in cm."""
    return mpf(R) * 10**9 / (p["B"] * mpf(10) ** -10 * LIGHT_SPEED_CM / 100) * 100


def bohm(p):
    """Bohm diffusion at the critical rigidity, r_g c / 3 in cm2/s."""
    return gyroradius_cm(p["R_cr"] * 10**6, p) * LIGHT_SPEED_CM / 3


def k_0(p):
    """Parallel diffusion in the cloud at 10 GV, in cm2/s, without the factor v / c."""
    return bohm(p) * (10 / (p["R_cr"] * 10**6)) ** p["delta_local"]


def local_diffusion(R, nucleus, p):
    """Parallel and perpendicular diffusion in the cloud by kinetic theory (below Eq. 7)."""
    beta = speed(R, nucleus)
    parallel = k_0(p) * beta * (mpf(R) / 10) ** p["delta_local"]
    v = beta * LIGHT_SPEED_CM
    omega = v / gyroradius_cm(R, p)
    tau = 3 * parallel / v**2
    return parallel, parallel / (1 + (omega * tau) ** 2)


def large_scale_diffusion(R, nucleus, p):
    """D_par and D_perp (below Eq. 6)."""
    parallel = p["D_ratio"] * diffusion(R, nucleus, p)
    return parallel, p["M_A"] ** 4 * parallel


def cloud_diffusion(R, nucleus, p, transport):
    """Diffusion in the cloud: Sec. II (kinetic) or Sec. III (wandering)."""
    if transport == "wandering":
        return large_scale_diffusion(R, nucleus, p)
    return local_diffusion(R, nucleus, p)


def nearby(R, nucleus, p, transport="kinetic"):
    """Eqs. 6-8, and Eq. 16 for wandering field lines."""
    v = speed(R, nucleus) * LIGHT_SPEED_CM
    age = p["T_n"] * YEAR_S
    D_par, D_perp = large_scale_diffusion(R, nucleus, p)
    kappa_par, kappa_perp = cloud_diffusion(R, nucleus, p, transport)
    u_km, theta, _ = cloud_motion(p)
    kappa_xx = kappa_par * mp.cos(theta) ** 2 + kappa_perp * mp.sin(theta) ** 2
    attenuation = mp.exp(-(u_km * 10**5) * (p["x"] * PARSEC_CM) / kappa_xx)
    r_par, r_perp = p["r_par"] * PARSEC_CM, p["r_perp"] * PARSEC_CM
    density = source_spectrum(R, p["Q_0n"], p["R_cut"], p)
    density /= (4 * mp.pi * age) ** mpf("1.5") * mp.sqrt(D_par) * D_perp
    density *= mp.exp(-(r_par**2) / (4 * D_par * age) - r_perp**2 / (4 * D_perp * age))
    return v / (4 * mp.pi) * attenuation * density * 10**4


def galactic_center(R, nucleus, p):
    """Eqs. 9-10."""
    v = speed(R, nucleus) * LIGHT_SPEED_CM
    age = p["T_c"] * 10**6 * YEAR_S
    D = diffusion(R, nucleus, p)
    distance = p["r_c"] * 1000 * PARSEC_CM
    density = source_spectrum(R, p["Q_0c"], p["R_cutc"], p)
    density *= (4 * mp.pi * age * D) ** mpf("-1.5") * mp.exp(-(distance**2) / (4 * D * age))
    return v / (4 * mp.pi) * density * 10**4


# ---------------------------------------------------------------- geometry


def dot(a, b):
    """Scalar product."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def scale(factor, a):
    """Multiple of a vector."""
    return [factor * x for x in a]


def add(*vectors):
    """Sum of vectors."""
    return [sum(parts) for parts in zip(*vectors, strict=True)]


def icrs(ra, dec):
    """Unit vector of a direction in deg."""
    a, d = mp.radians(mpf(ra)), mp.radians(mpf(dec))
    return [mp.cos(d) * mp.cos(a), mp.cos(d) * mp.sin(a), mp.sin(d)]


def from_galactic(vector):
    """ICRS components of a vector given by its Galactic ones."""
    return add(*(scale(part, axis) for part, axis in zip(vector, GALACTIC_AXES, strict=True)))


def galactic(longitude, latitude):
    """ICRS unit vector of a Galactic direction in deg."""
    return from_galactic(icrs(longitude, latitude))


def galactic_axes_from_angles():
    """Galactic axes in ICRS coordinates from the defining angles."""
    pole = icrs(POLE_RA, POLE_DEC)
    # the node lies on the equator, 90 deg east of the pole; l grows around the pole
    node = icrs(POLE_RA + 90, 0)
    north_of_node = [
        pole[1] * node[2] - pole[2] * node[1],
        pole[2] * node[0] - pole[0] * node[2],
        pole[0] * node[1] - pole[1] * node[0],
    ]
    l_node = mp.radians(NODE_LONGITUDE)
    center = add(scale(mp.cos(l_node), node), scale(-mp.sin(l_node), north_of_node))
    rotation = add(scale(mp.sin(l_node), node), scale(mp.cos(l_node), north_of_node))
    return [center, rotation, pole]


def cloud_motion(p):
    """Speed u_LSR in km/s, its angle theta to the field in rad, and its unit vector."""
    relative_to_sun = scale(p["u_HC"], icrs(p["u_HC_ra"], p["u_HC_dec"]))
    u = add(relative_to_sun, from_galactic([p["U_sun"], p["V_sun"], p["W_sun"]]))
    length = mp.sqrt(dot(u, u))
    unit = scale(1 / length, u)
    return length, mp.acos(dot(unit, icrs(p["B_ra"], p["B_dec"]))), unit


def transverse_direction(p):
    """e_perp = (u_hat - cos(theta) b) / sin(theta), below Eq. 11."""
    _, theta, unit = cloud_motion(p)
    along = scale(-mp.cos(theta), icrs(p["B_ra"], p["B_dec"]))
    return scale(1 / mp.sin(theta), add(unit, along))


# ---------------------------------------------------------------- dipole, Eqs. 11-15, 17


def xi_nearby(R, nucleus, p, transport="kinetic"):
    """Eqs. 11 and 17."""
    v = speed(R, nucleus) * LIGHT_SPEED_CM / 10**5
    parallel, perpendicular = cloud_diffusion(R, nucleus, p, transport)
    u, theta, _ = cloud_motion(p)
    cos, sin = mp.cos(theta), mp.sin(theta)
    xx = parallel * cos**2 + perpendicular * sin**2
    along = scale(parallel / xx * u * cos, icrs(p["B_ra"], p["B_dec"]))
    across = scale(perpendicular / xx * u * sin, transverse_direction(p))
    return scale(-3 / v, add(along, across))


def xi_galactic_center(R, nucleus, p):
    """Eqs. 12-13; theta_c is the angle between the field and the anti-centre."""
    v = speed(R, nucleus) * LIGHT_SPEED_CM
    field = icrs(p["B_ra"], p["B_dec"])
    anticenter = scale(-1, galactic(p["lon_c"], p["lat_c"]))
    distance = p["r_c"] * 1000 * PARSEC_CM
    amplitude = 3 * distance / (2 * v * p["T_c"] * 10**6 * YEAR_S)
    return scale(amplitude * dot(field, anticenter), field)


def xi_background(R, nucleus, p):
    """Eq. 14."""
    field = icrs(p["B_ra"], p["B_dec"])
    return scale(p["delta_b"] * dot(field, galactic(p["lon_b"], p["lat_b"])), field)


def xi_compton_getting(R, nucleus, p):
    """First term of Eq. 15."""
    v = speed(R, nucleus) * LIGHT_SPEED_CM / 10**5
    return scale(3 * p["C"] * p["u_HC"] / v, icrs(p["u_HC_ra"], p["u_HC_dec"]))


COMPONENTS = ("background", "nearby", "galactic-center")


def intensities(R, nucleus, p, transport="kinetic"):
    """Intensity of each component."""
    return {
        "background": background(R, nucleus, p),
        "nearby": nearby(R, nucleus, p, transport),
        "galactic-center": galactic_center(R, nucleus, p),
    }


def excess_parts(E, nuclei, parameters_of, transport="kinetic"):
    """Terms of Eq. 15 at a total energy, with the sign of the excess: -xi, by component.

    The speed in the Compton-Getting term is that of each species, weighted with its share.
    """
    fluxes = {}
    for name, nucleus in nuclei.items():
        R = rigidity_at_energy(E, nucleus)
        per_energy = 1 / (nucleus.Z * speed(R, nucleus))
        for part, value in intensities(R, nucleus, parameters_of[name], transport).items():
            fluxes[name, part] = value * per_energy
    total = sum(fluxes.values())
    zero = [mpf(0)] * 3
    parts = dict.fromkeys((*COMPONENTS, "compton-getting"), zero)
    for name, nucleus in nuclei.items():
        p = parameters_of[name]
        R = rigidity_at_energy(E, nucleus)
        xi = {
            "background": xi_background(R, nucleus, p),
            "nearby": xi_nearby(R, nucleus, p, transport),
            "galactic-center": xi_galactic_center(R, nucleus, p),
        }
        for part in COMPONENTS:
            share = fluxes[name, part] / total
            parts[part] = add(parts[part], scale(-share, xi[part]))
        share = sum(fluxes[name, part] for part in COMPONENTS) / total
        getting = scale(-share, xi_compton_getting(R, nucleus, p))
        parts["compton-getting"] = add(parts["compton-getting"], getting)
    return parts


def excess(E, nuclei, parameters_of, transport="kinetic"):
    """Eq. 15 with the sign of the excess."""
    return add(*excess_parts(E, nuclei, parameters_of, transport).values())


def amplitude_and_phase(vector):
    """Projection on the equator: length, and right ascension in deg from 0 to 360."""
    x, y, _ = vector
    return mp.sqrt(x**2 + y**2), mp.degrees(mp.atan2(y, x)) % 360


def direction(vector):
    """Right ascension and declination in deg."""
    x, y, z = vector
    return mp.degrees(mp.atan2(y, x)) % 360, mp.degrees(mp.atan2(z, mp.sqrt(x**2 + y**2)))


def number(value):
    """A number or a list of numbers as float."""
    return [float(x) for x in value] if isinstance(value, list) else float(value)
