"""The measured tables that the package ships, and those of the cosmic-ray database.

What to use when:

- the list of tables, one of them, or a selection of them: `catalog`;
- datasets ready for a fit: `loading.load_datasets`;
- tables of an experiment, for one hadronic model or several: `experiments`;
- publications of data and model, as text and BibTeX: `citations`;
- tables of CRDB, from the server or a file: `crdb`.

The tables are in `data`, a row each in ``data/index.ecsv``.
"""
