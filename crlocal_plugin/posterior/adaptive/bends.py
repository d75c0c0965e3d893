"""Coordinates that follow curved valleys of a posterior, in which it is closer to a normal one."""

import numpy as np
from scipy.interpolate import CubicSpline

from ...likelihood.minima.batch import Descents
from .modes import InPositions

_MOST = 6
_AWAY, _EXCESS = 1.5, 4.0
"""Distance from a maximum in standard deviations, and how much more the sum of squares has to rise
on a straight line than on a parabola for a coordinate to be bent."""

_STEP, _FARTHEST, _HIGHEST = 0.75, 5.0, 12.0
"""Distance of points of a path and of the last one, in standard deviations, and rise of the sum of
squares beyond which there are none."""


class Bend:
    """Shifts of all coordinates but one, as a function of that one, straight beyond its points.

    It preserves volumes.
    """

    def __init__(self, column, at, shifts):
        self._column, self._ends = column, (at[0], at[-1])
        self._spline = CubicSpline(at, shifts, bc_type="natural")

    def __call__(self, position):
        """Shifts (m, n) at positions (m, n)."""
        at = position[:, self._column]
        inside = np.clip(at, *self._ends)
        return self._spline(inside) + self._spline(inside, 1) * (at - inside)[:, np.newaxis]


def bend(target, modes):
    """Bend coordinates of a target along the paths of lowest sums of squares from a maximum.

    The paths are those of profiles of single coordinates, the most curved one first. What comes
    back are the maxima in the new coordinates.
    """
    bent = []
    for _ in range(min(_MOST, target.size)):
        excess = _excess(target, modes)
        excess[bent] = 0.0
        k = int(np.argmax(excess))
        if excess[k] < _EXCESS:
            break
        bent.append(k)
        at, shifts = _path(target, modes, k)
        if len(at) < 3:
            continue
        places = target.bent(modes.positions)
        target.bends.append(Bend(k, at, shifts))
        modes = modes.moved(target, target.straightened(places))
    return modes


def _excess(target, modes):
    """How much more than on a parabola the sum of squares rises where single coordinates move."""
    place, covariance = modes.positions[0], modes.covariances[0]
    steps = _AWAY * covariance / np.sqrt(np.diag(covariance))[:, np.newaxis]
    rows = target.residuals(np.concatenate([place - steps, place + steps]))
    rise = np.vecdot(rows, rows) - modes.stats[0] - _AWAY**2
    return rise.reshape(2, -1).max(axis=0)


def _path(target, modes, k):
    """Values of a coordinate, and shifts of the others with which the sum of squares is lowest."""
    place, covariance = modes.positions[0], modes.covariances[0]
    direction = covariance[k] / np.sqrt(covariance[k, k])
    held = np.arange(target.size) == k
    points = [place]
    for sign in (-1, 1):
        before, here = place - sign * _STEP * direction, place
        for number in range(1, int(_FARTHEST / _STEP) + 1):
            guess = 2 * here - before
            guess[k] = place[k] + sign * number * _STEP * direction[k]
            descents = Descents(InPositions(target), tolerance=0.03, patience=2)
            descents.add(guess[np.newaxis], held=held)
            (theta,), (stat,) = descents.finish(25)
            if stat > modes.stats[0] + _HIGHEST:
                break
            before, here = here, theta
            points.append(theta)
    points = np.array(points)
    points = points[np.argsort(points[:, k])]
    return points[:, k], np.where(held, 0.0, points - place)
