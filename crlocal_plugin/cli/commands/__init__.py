"""Commands of ``crlocal``: a module each, with a function of its name.

What to use when:

- an analysis before and after its fit: `init`, `fit`, `plot`, `report`, `cite`;
- questions about it: `scan`, `sample`, `compare`, `identify`, `toys`;
- the figures of the paper: `reproduce`; the measured tables: `data`.
"""
