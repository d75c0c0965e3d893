"""Measured tables as files: read, checked and written. Nothing here knows gammapy.

What to use when:

- a spectrum, or a table of <ln A>: the readers of `spectrum`; a dipole: that of `dipole`;
- to write a table so that they read it back: `writing`, which also describes the layouts;
- one measurement unfolded with several interaction models: `hadronic`;
- a new reader: `raw_table` has the table as the user gave it, with errors that name the place;
  `parts` has what the readers share;
- any file whole or not at all: `files.replace_file`.
"""
