"""Numbers among the options, refused by the parser if they cannot be meant."""

import argparse
import math


def whole(minimum):
    """Type of an option that is a whole number.

    Parameters
    ----------
    minimum : int
        Smallest number.

    Returns
    -------
    callable
        Turns the text of the option into an int.
    """

    def convert(text):
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or number < minimum:
            raise argparse.ArgumentTypeError(
                f"expected a whole number of at least {minimum}, got {text!r}"
            )
        return number

    return convert


def finite(text):
    """Turn the text of an option into a finite number (float)."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}")
    return number


def positive(text):
    """Turn the text of an option into a finite number above zero (float)."""
    number = finite(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"expected a number above zero, got {text!r}")
    return number
