"""The measured tables that the package ships, and those of the cosmic-ray database.

What to use when:

- the list of tables, or one of them: `index`, with a row each in ``data/index.ecsv``;
- datasets ready for a fit: `loading`; from names of all sorts to tables: `resolving`;
- tables that belong together: `selections`; that must not come together: `overlaps`;
- measurements that are planned: `plans`, with those of the package in ``data/plans.yaml``;
- tables of an experiment, for one hadronic model or several: `experiments`;
- what to cite: `citations`; single publications, as text and BibTeX: `publications`;
- tables of CRDB, from the server or a file: `crdb`, by way of `crdb_rows` and `crdb_tables`.
"""
