"""Parameters in the hand: a page with sliders, on which spectra, dipole and sky follow.

What to use when:

- the page in a notebook: `crlocal_plugin.explore`; on the command line: ``crlocal explore``; a
  file that needs no server: `crlocal_plugin.write_demo`; all three are in `opening`;
- parameters, statistic, fit and files without a page: `state`; ranges and marks of sliders:
  `handles`; what the model predicts for a picture: `curves`;
- the page itself, with Bokeh: `figures` draw, `page` has sliders, buttons and what they do,
  `demo` the file without a server; `symbols` are markers in the table of datasets.
"""
