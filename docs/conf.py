"""Sphinx configuration: ``python -m sphinx -W --keep-going docs docs/_build/html``.

The build needs no network and some 80 s of processor time. ``-t slow`` also runs the scripts
whose results other pages show, three minutes in all; ``-D plot_gallery=0`` runs no script.
"""

import shutil
import sys
from pathlib import Path

import matplotlib

import crlocal_plugin as crl

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
matplotlib.use("Agg")

project = "crlocal_plugin"
author = "The crlocal_plugin developers"
version = release = crl.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    # half of the time that numpydoc takes, which makes its template anew for every docstring
    "sphinx.ext.napoleon",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "package_tables",
    "notebooks",
    "mathml",
]
exclude_patterns = ["_build", "_ext", "_templates", "figures", "models"]
templates_path = ["_templates"]
default_role = "py:obj"

myst_enable_extensions = ["attrs_block", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
# types are in the docstrings, with their units
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
napoleon_google_docstring = False
# a list like that of parameters, whose names are no links
napoleon_custom_sections = [("Attributes", "params_style")]
napoleon_use_rtype = False

# The scripts run in a copy, so that the files they write stay out of the repository.
SCRIPTS = HERE / "_build" / "scripts"
shutil.rmtree(SCRIPTS, ignore_errors=True)
shutil.copytree(HERE.parent / "examples", SCRIPTS)
shutil.copytree(HERE / "figures", SCRIPTS / "figures")
for figure in SCRIPTS.glob("figure_*.py"):
    figure.rename(SCRIPTS / "figures" / figure.name)

# the demo on the first page, some seconds
DEMO = HERE / "generated" / "demo"
crl.write_demo(DEMO / "demo.html", overwrite=True)

# fits by the dozen and nested sampling
SLOW = "composition|posterior|sensitivity"

sphinx_gallery_conf = {
    "examples_dirs": [str(SCRIPTS), "models"],
    "gallery_dirs": ["generated/gallery", "generated/models"],
    "filename_pattern": "" if tags.has("slow") else rf"/(?!{SLOW})\w+\.py$",  # noqa: F821
    "within_subsection_order": "FileNameSortKey",
    "capture_repr": (),
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("crlocal_plugin",),
}

html_theme = "pydata_sphinx_theme"
html_title = "crlocal_plugin"
html_static_path = ["_static"]
html_extra_path = ["generated/demo"]
html_css_files = ["crlocal.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": {"**": ["page-toc"], "tables": []},
}
# pages without subpages have nothing to show there
html_sidebars = {
    page: []
    for page in (
        "getting-started",
        "tutorial",
        "generated/notebooks/*",
        "tables",
        "glossary",
        "conventions",
        "command-line",
        "paper",
        "changelog",
    )
}
copyright = "The crlocal_plugin developers, BSD-3-Clause licence"
