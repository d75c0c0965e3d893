"""Measured tables as files: read, checked and written. Nothing here knows gammapy.

What to use when:

- a table of a known kind: its reader, in a module of its own, such as `spectrum` or `dipole`;
- all kinds, to tell one from its columns or to add one: `kinds`; to write a table: `writing`;
- one measurement unfolded with several interaction models: `hadronic`;
- a new reader: `raw_table` has the table as the user gave it, in the units of the package, with
  errors that name the place; `values` has what readers of values against energy share.

A reader returns a file or an astropy table in the layout below, or says which row and column is
wrong and what to do about it.

Spectrum, one row per point, ordered in the first column:

- ``rigidity`` (GV) or ``energy`` (GeV), optionally with bin edges ``*_min`` and ``*_max``;
- ``intensity`` in 1/(GV m2 s sr) or 1/(GeV m2 s sr);
- ``intensity_stat_errn``, ``intensity_stat_errp`` and the same with ``syst``: lower and upper
  errors, zero where an error is not given;
- ``intensity_syst_NAME_errn``, ``intensity_syst_NAME_errp``, optional: components of the systematic
  error, which is at least their quadratic sum;
- ``is_ul``, optional: true where the intensity is an upper limit;
- ``hadronic_shift_1``, ..., optional: ln(intensity) with another hadronic model less that of the
  table; ``hadronic_models`` in the meta names the models, that of the table first.

A table of <ln A> has that, against the total energy, in the place of the intensity, and no limits.
One of a ratio has ``ratio`` there, and a ``quantity`` such as B/C.

Dipole, one row per measurement:

- ``energy`` (GeV), the median primary energy;
- ``energy_width``, optional: standard deviation of log10(E) of the events of the point; or
  ``energy_min`` and ``energy_max`` (GeV), between which the acceptance is constant; or
  ``energy_response`` in the meta, a dictionary of lists ``log10_ratio``, log10 of an energy over
  that of the point, ``weight``, events per interval of it, and ``weight_He``, for one, for species
  that have another distribution;
- ``amplitude``, ``amplitude_errn``, ``amplitude_errp``, optionally ``amplitude_syst``;
- ``amplitude_ul``, optional: upper limit, nan where there is none;
- ``phase``, ``phase_err`` (deg): right ascension of the maximum;
- ``error_axis`` (deg) and ``tangential_err``, optional: right ascension of the errors of the
  amplitude, and the error across it, if they do not follow from phase and ``phase_err``;
- ``site``, optional: where a compiled point was measured.

Map of the sky, one row per pixel, or per bin of right ascension in a declination band:

- ``energy`` (GeV), the same in all rows, optionally with the energies of the events as of a dipole;
- ``ra`` and ``dec`` (deg), or ends of bins in their place, ``ra_min``, ``ra_max``, ``dec_min`` and
  ``dec_max``;
- ``relative_intensity``, ``relative_intensity_err``;
- ``dipole_syst`` in the meta, optional: systematic error of both components of the dipole.

Other columns are left out. What holds for the whole table is in ``meta``: ``experiment``,
``quantity``, ``axis``, ``reference``, ``hadronic_model``, ``hadronic_models``, ``amplitude_kind``,
``declination_factor``, or ``latitude``, ``max_zenith`` and, for part of what is in view,
``declination_range`` (deg), from which it follows, ``acceptance``, relative numbers by species,
``ul_confidence``, ``simulated``, ``comment``.
"""
