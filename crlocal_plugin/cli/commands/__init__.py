"""Commands of ``crlocal``: a module each, with a function of its name."""
