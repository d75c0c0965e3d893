"""Commands of ``crlocal``, a module each."""
