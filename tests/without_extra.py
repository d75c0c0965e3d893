"""Work without the packages of an optional extra: ``python tests/without_extra.py < extras.json``.

Standard input names for each extra its packages, and calls and commands that need them. gammapy is
imported once; each extra has a forked process in which its packages cannot be imported, and in
which the package is imported, fits, draws and writes. A line of JSON for each extra says what the
calls and commands answer, or what else failed.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

import astropy.units as u
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from astropy.table import Table
from gammapy.maps import HpxGeom
from gammapy.modeling import Fit
from gammapy.modeling.models import Models

FIT = (
    "fit --datasets ams-02_h_2015 icecube-2016 --species H --output result "
    "--fix Q_0b Q_0c R_cut R_cutc D_0 x V_sun"
)


class Refuse:
    """Finder that has no module of some packages."""

    def __init__(self, packages):
        self.packages = set(packages)

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.packages:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def command(words):
    """Exit code of a command, and all that it prints."""
    from crlocal_plugin.cli import main

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(words.split())
    plt.close("all")
    return code, out.getvalue()


def work():
    """Use the parts of the package that need no extra; names for the calls that do."""
    import crlocal_plugin as crl

    for words in (FIT, "data list", "cite result"):
        code, text = command(words)
        assert code == 0, text
    assert Path("result/dipole.png").stat().st_size > 1000
    model = crl.xue_liu_2025(species="H")
    datasets = crl.load_datasets(["dampe_h"])
    datasets.models = [model]
    model.freeze()
    model.Gamma.frozen = False
    crl.set_proper_priors(datasets)
    others = crl.load_datasets(["dampe_h"])
    others.models = [model.copy()]
    assert Fit(backend="least-squares").run(datasets).success
    crl.scan_profiles(datasets, n_points=5)
    crl.run_toys(datasets, n_toys=2, n_starts=1, profile=False)
    crl.relative_intensity_map(model, 1 * u.TeV)
    chain = model.Gamma.value + 0.01 * np.linspace(-1, 1, 200).reshape(2, 100, 1)
    posterior = crl.Posterior(
        *(["Gamma"], [""], chain, np.zeros((2, 100)), [model.Gamma.value]),
        *(Table({"name": ["Gamma"]}), []),
        models=Models([model]).to_yaml(),
    )
    crl.plot_spectra(posterior)
    return {"crl": crl, "u": u, "HpxGeom": HpxGeom} | locals()


def answers(packages, calls, commands, message=None):
    """Messages of calls and commands that need packages, where these cannot be imported."""
    early = [name for name in packages if name in sys.modules]
    assert not early, f"gammapy or matplotlib imports {early}"
    sys.meta_path.insert(0, Refuse(packages))
    warnings.simplefilter("error")
    names, found = work(), {}
    for call in calls:
        try:
            eval(call, names)
        except ImportError as error:
            found[call] = str(error)
    for words in commands:
        code, found[words] = command(words)
        assert code == 2, code
    return found


if __name__ == "__main__":
    mpl.use("Agg")
    for extra, entry in json.load(sys.stdin).items():
        sys.stdout.flush()
        if os.fork():
            os.wait()
            continue
        try:
            os.chdir(tempfile.mkdtemp())
            answer = answers(**entry)
        except BaseException:
            answer = traceback.format_exc()
        print(json.dumps([extra, answer]), flush=True)
        os._exit(0)
