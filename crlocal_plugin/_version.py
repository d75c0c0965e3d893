"""Version of the package, which a build takes from the tag."""

try:
    from ._tag import __version__
except ModuleNotFoundError:  # a checkout that was neither built nor installed
    __version__ = "0+unknown"
