"""Frame of the Compton-Getting effect: the local cloud, or the local standard of rest."""

import astropy.units as u
import numpy as np
import pytest
from agreement import assert_evaluations_agree
from astropy.coordinates import Galactic, SkyCoord
from gammapy.modeling.models import Models
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.analysis.description import make_analysis
from crlocal_plugin.physics.geometry import GALACTIC_TO_ICRS
from crlocal_plugin.plots.sky.directions import reference_directions

LIGHT_SPEED = 299792.458


def velocity_of_the_sun(model, frame):
    """Velocity of the Sun in the frame, in ICRS Cartesian coordinates, by astropy."""
    if frame == "lsr":
        axes = [getattr(model, name).value for name in ("U_sun", "V_sun", "W_sun")]
        velocity = SkyCoord(*axes, unit="km", frame=Galactic, representation_type="cartesian")
        return velocity.icrs.cartesian.xyz.value
    wind = SkyCoord(model.u_HC_ra.quantity, model.u_HC_dec.quantity)
    return -model.u_HC.value * wind.cartesian.xyz.value


@pytest.mark.parametrize("frame", ["cloud", "lsr"])
def test_excess_that_a_moving_observer_sees(frame):
    """A power law that is isotropic in the frame, transformed for each direction."""
    model = crl.xue_liu_2025(compton_getting_frame=frame, priors=None)
    model.U_sun.value, model.V_sun.value, model.W_sun.value = -9, 13, 8
    gamma = 2.7
    model.C.value = (2 + gamma) / 3
    beta = velocity_of_the_sun(model, frame) / LIGHT_SPEED
    directions = np.eye(3)

    def intensity(n):
        """J = p^2 f(p'), for a relativistic particle that comes from direction n."""
        return (1 - n @ beta) ** -(2 + gamma)

    high, low = (np.array([intensity(s * n) for n in directions]) for s in (1, -1))
    expected = (high - low) / (high + low)
    vector = model.dipole(100 * u.TeV, component="compton-getting").vector
    assert_allclose(vector, expected, atol=1e-6 * np.linalg.norm(expected))


@pytest.mark.parametrize("species", ["H", "Fe"])
def test_slow_particles(species):
    nucleus, energy = crl.SPECIES[species], np.array([60.0, 100.0, 3e4])
    model = crl.LsrComptonGettingDipoleModel(
        C=1.5, U_sun="3 km/s", V_sun="-4 km/s", W_sun="12 km/s"
    )
    speed = np.sqrt(1 - (nucleus.rest_energy / energy) ** 2)
    sun = GALACTIC_TO_ICRS @ [3, -4, 12]
    vector = model(energy * u.GeV, species=species).vector
    assert_allclose(vector, np.outer(3 * 1.5 / LIGHT_SPEED / speed, sun), rtol=1e-9)
    assert model.parameters.names == ["C", "U_sun", "V_sun", "W_sun"]
    with pytest.raises(ValueError, match="unknown index 'total'"):
        crl.LsrComptonGettingDipoleModel("total")
    with pytest.raises(NameError, match="has no parameter 'u_HC'"):
        crl.LsrComptonGettingDipoleModel(u_HC="1 km/s")


@pytest.mark.parametrize("index", ["constant", "local"])
def test_all_ways_to_evaluate_agree(index):
    datasets = crl.load_datasets(["icecube-2016", "auger-2020", "dampe_h"], scatter=False)
    model = crl.xue_liu_2025(compton_getting=index, compton_getting_frame="lsr")
    datasets.models = [model]
    crl.free_parameters(datasets, ["U_sun", "W_sun"])
    likelihood = crl.JointLikelihood(datasets)
    rng = np.random.default_rng(1)
    sets = likelihood.values * rng.uniform(0.9, 1.1, (4, likelihood.size))
    assert_evaluations_agree(datasets, likelihood, sets, 1e-10)
    # the Sun's motion counts by itself and in the motion of the cloud
    assert model.components["compton-getting"].dipole_model.V_sun is model.V_sun
    again = Models.from_dict(Models([model]).to_dict())[0]
    assert_allclose(again.dipole([1, 100] * u.TeV).vector, model.dipole([1, 100] * u.TeV).vector)
    copy = model.copy()
    copy.V_sun.value = 0
    assert copy.dipole(1 * u.TeV).amplitude != model.dipole(1 * u.TeV).amplitude


def test_the_cloud_is_the_default():
    default, cloud = crl.xue_liu_2025(), crl.xue_liu_2025(compton_getting_frame="cloud")
    assert_allclose(default.dipole(1 * u.TeV).vector, cloud.dipole(1 * u.TeV).vector, rtol=0)
    names = default.components["compton-getting"].dipole_model.parameters.names
    assert names == ["C", "u_HC", "u_HC_ra", "u_HC_dec"]


def test_unknown_frames_are_named():
    with pytest.raises(ValueError, match=r"compton_getting_frame 'sun'.*cloud"):
        crl.xue_liu_2025(compton_getting_frame="sun")
    with pytest.raises(ValueError, match=r"model\.compton_getting_frame.*'lrs'.*lsr"):
        make_analysis({"model": {"compton_getting_frame": "lrs"}})


def test_in_an_analysis_and_in_pictures():
    entries = {"datasets": ["icecube-2016"], "model": {"compton_getting_frame": "lsr"}}
    model = make_analysis(entries).prepare().models[0]
    assert type(model.components["compton-getting"].dipole_model).__name__.startswith("Lsr")
    ahead = velocity_of_the_sun(model, "lsr")
    drawn = reference_directions(model)["Compton-Getting"]
    assert_allclose(drawn, ahead / np.linalg.norm(ahead), atol=1e-6)
    composition = crl.xue_liu_2025_composition(compton_getting_frame="lsr")
    vector = composition.dipole(1 * u.TeV, component="compton-getting").vector
    assert_allclose(vector / np.linalg.norm(vector), drawn, atol=1e-6)
    for name in ("U_sun", "V_sun", "W_sun"):
        getattr(model, name).value = 0
    assert "u_LSR" in reference_directions(model)
