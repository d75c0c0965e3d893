"""Command line: ``crlocal``.

What to use when:

- the program, its exit codes and errors: `main`; a command: a module of `commands`;
- options that several commands have: `options`; a fit before a command's own work: `fitting`;
- options of several values, numbers in a range, completion: `parsing`;
- files, folders and pictures that are written: `output`; the folder of a fit: `fit_folder`.
"""

from .main import main

__all__ = ["main"]
