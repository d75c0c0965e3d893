"""Markers of experiments: those of Bokeh, and the same as small drawings for a table."""

_MARKERS = {
    "o": ("circle", None),
    "s": ("square", "-4,-4 4,-4 4,4 -4,4"),
    "D": ("diamond", "0,-5.5 4,0 0,5.5 -4,0"),
    "^": ("triangle", "0,-5 5,4 -5,4"),
    "v": ("inverted_triangle", "0,5 5,-4 -5,-4"),
    "<": ("triangle_pin", "0,-5 1.5,1 5,4 0,2.5 -5,4 -1.5,1"),
    ">": ("square_pin", "-5,-5 0,-3 5,-5 3,0 5,5 0,3 -5,5 -3,0"),
    "p": ("hex", "0,-5 4.3,-2.5 4.3,2.5 0,5 -4.3,2.5 -4.3,-2.5"),
    "P": ("plus", "-1.6,-5 1.6,-5 1.6,-1.6 5,-1.6 5,1.6 1.6,1.6 1.6,5 -1.6,5 -1.6,1.6 -5,1.6 "
          "-5,-1.6 -1.6,-1.6"),
    "*": ("star", "0,-5.5 1.4,-1.9 5.2,-1.7 2.3,0.7 3.2,4.4 0,2.3 -3.2,4.4 -2.3,0.7 -5.2,-1.7 "
          "-1.4,-1.9"),
    "X": ("square_x", "-4,-4 4,-4 4,4 -4,4 -4,-4 4,4 4,-4 -4,4"),
    "h": ("hex_dot", "0,-5 4.3,-2.5 4.3,2.5 0,5 -4.3,2.5 -4.3,-2.5"),
    "d": ("diamond_dot", "0,-5.5 4,0 0,5.5 -4,0"),
    "8": ("circle_dot", None),
}  # fmt: skip
"""Name in Bokeh and corners, none for a circle, by marker of matplotlib."""


def bokeh_marker(marker):
    """Name in Bokeh of a marker of matplotlib (str)."""
    return _MARKERS[marker][0]


def drawing(marker, filled, color):
    """Marker as SVG (str)."""
    name, corners = _MARKERS[marker]
    shape = f'<polygon points="{corners}"/>' if corners else '<circle r="4.2"/>'
    if name.endswith("_dot"):
        shape += f'<circle r="1" fill="{color}"/>'
    face = color if filled else "white"
    return (
        f'<svg width="12" height="12" viewBox="-6 -6 12 12" fill="{face}" stroke="{color}" '
        f'stroke-width="1.2" aria-hidden="true">{shape}</svg>'
    )
