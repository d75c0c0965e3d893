"""Diffusion on a grid of finite volumes, a check that knows none of the formulas of the package.

What crosses the face between two cells is worked out once and is taken from one and given to the
other, so that particles are neither made nor lost. Steps in time are of second order (TR-BDF2).
"""

import numpy as np
from scipy.sparse import csc_matrix, diags, identity, kron
from scipy.sparse.linalg import splu


def operator(volumes, areas, distances, diffusion, velocity=0.0):
    """Matrix of d n / d t for cells in a row, without flow through the two ends.

    Between neighbours the flow is that of a stationary state, - D n' + u n, with constant D and u
    (Scharfetter & Gummel 1969); ``areas`` and ``distances`` are of the inner faces, ``velocity`` is
    towards higher numbers.
    """
    peclet = np.broadcast_to(velocity * distances / diffusion, distances.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead = np.where(peclet == 0, 1.0, peclet / np.expm1(peclet))
    rate = areas * diffusion / distances
    right, left = rate * (ahead + peclet), rate * ahead
    lower, upper = np.r_[right, 0], np.r_[0, left]
    matrix = diags([lower[:-1], -(lower + upper), upper[1:]], [-1, 0, 1])
    return csc_matrix(diags(1 / volumes) @ matrix)


def evolve(matrix, density, time, steps, inflow=0.0):
    """Density after a time, with as much added to the cells at a constant rate."""
    step, gamma = time / steps, 2 - np.sqrt(2)
    half = splu(csc_matrix(identity(len(density)) - gamma * step / 2 * matrix))
    for _ in range(steps):
        middle = half.solve(density + gamma * step / 2 * (matrix @ density) + gamma * step * inflow)
        mixed = (middle / gamma - (1 - gamma) ** 2 / gamma * density) / (2 - gamma)
        density = half.solve(mixed + (1 - gamma) / (2 - gamma) * step * inflow)
    return density


def burst(D_par, D_perp, time, cells, r_par, r_perp):
    """Density of a unit burst in two dimensions, along the field and in radius across it.

    The grid reaches six widths of what spreads; the burst is in the cell at its centre. The result
    is interpolated between cells in the squares of the distances.
    """
    sizes = [6 * np.sqrt(2 * D * time) for D in (D_par, D_perp)]
    (z, dz), (rho, drho) = ((h * (np.arange(cells) + 0.5), h) for h in np.divide(sizes, cells))
    rings = 2 * np.pi * rho * drho
    # half of the space along the field, the other half is alike
    along = operator(np.full(cells, dz), np.ones(cells - 1), np.full(cells - 1, dz), D_par)
    faces = 2 * np.pi * drho * np.arange(1, cells)
    across = operator(rings, faces, np.full(cells - 1, drho), D_perp)
    eye = identity(cells)
    matrix = csc_matrix(kron(along, eye) + kron(eye, across))
    start = np.zeros((cells, cells))
    start[0, 0] = 1 / (2 * dz * rings[0])
    density = evolve(matrix, start.ravel(), time, cells).reshape(cells, cells)
    with np.errstate(divide="ignore"):
        log = np.log(np.maximum(density, 1e-300))
    rows = np.array([np.interp(r_perp**2, rho**2, row) for row in log])
    return np.exp(np.interp(r_par**2, z**2, rows))


def cloud(diffusion, velocity, depth, time, cells=400, thickness=None, behind=None, steps=200):
    """Density at a depth inside the cloud over that at its edge, and its slope there.

    Plasma moves towards the edge, or away from it where ``velocity`` is negative. The density at
    the edge is one from the start on; ``behind`` is that at the other end, which is far away and
    closed by default.
    """
    reach = 12 * np.sqrt(diffusion * time)
    thickness = thickness or depth + reach + max(12 * diffusion / velocity, -velocity * time)
    # narrow cells near the edge
    edges = thickness * np.linspace(0, 1, cells + 1) ** 2
    x, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    matrix = operator(widths, np.ones(cells - 1), np.diff(x), diffusion, -velocity).tolil()
    inflow = np.zeros(cells)
    for cell, distance, sign, kept in ((0, x[0], 1, 1.0), (-1, thickness - x[-1], -1, behind)):
        if kept is None:
            continue
        # the same flow as between cells, from the end to the middle of the cell
        peclet = sign * -velocity * distance / diffusion
        ahead = peclet / np.expm1(peclet)
        rate = diffusion / distance / widths[cell]
        matrix[cell, cell] -= rate * ahead
        inflow[cell] += rate * (ahead + peclet) * kept
    density = evolve(csc_matrix(matrix), np.zeros(cells), time, steps, inflow)
    near = np.argsort(np.abs(x - depth))[:4]
    fit = np.polynomial.Polynomial.fit(x[near], np.log(density[near]), 2)
    return np.exp(fit(depth)), fit.deriv()(depth)
