"""The page: sliders, buttons and tables around the figures, and what they do."""

import asyncio
from html import escape
from pathlib import Path

import numpy as np
from bokeh.models import (
    Button,
    Column,
    ColumnDataSource,
    CustomJS,
    CustomJSTickFormatter,
    Div,
    InlineStyleSheet,
    Row,
    Select,
    Slider,
    Toggle,
)
from scipy.special import chdtrc

from .figures import AXES, Figures
from .symbols import drawing

_STEPS = 500

_BAD = 0.01
"""Probability below which a dataset counts as badly described."""

_OPEN = ("Cloud, field and Sun", "Nearby source")
"""Groups of sliders that are open at first; the first stands first."""

_FIRST = ("V_sun", "x")
"""Parameters that stand first in their group."""

_SHIFTS = ("norm", "energy_scale", "hadronic", "dipole_norm")
"""Parameters of experiments that shift their points."""

_NUMBER = """
const value = log ? 10 ** tick : tick
const text = Math.abs(value) >= 1e5 || (value != 0 && Math.abs(value) < 1e-3)
  ? value.toExponential(2).replace("e+", "e") : Number(value.toPrecision(4)).toString()
return (text + " " + unit).trim().replace("-", "−")
"""

_STATUS = (
    '<p class="status">Statistic with priors: <span class="n"></span><span class="n"></span>. '
    '<span class="key">Marks: △ paper, ◆ best fit, <span style="color:#999">▬</span> 68 % '
    "of the prior, or published.</span></p>"
)

# a new text would make all of an element anew, with every move
_SET_NUMBERS = """
export default ({divs}, obj, data, {index}) => {
  const {text, is_bold} = obj.data
  const cells = divs.flatMap((div) => [...index.find_one(div).shadow_el.querySelectorAll(".n")])
  cells.forEach((cell, k) => {
    cell.textContent = text[k]
    cell.classList.toggle("bold", is_bold[k])
  })
}
"""

_DOWNLOAD = """
export default (args, {tags: [name, text]}) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([text], {type: "text/yaml"}))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
}
"""

_PICTURE = """
export default async ({figures}, obj, data, {index}) => {
  const parts = figures.map((figure) => index.find_one(figure).export("png", true).canvas)
  const width = Math.max(...parts.map((part) => part.width))
  const height = Math.max(...parts.map((part) => part.height))
  const all = document.createElement("canvas")
  all.width = 2 * width
  all.height = 2 * height
  const context = all.getContext("2d")
  context.fillStyle = "white"
  context.fillRect(0, 0, all.width, all.height)
  parts.forEach((part, k) => context.drawImage(part, (k % 2) * width, Math.floor(k / 2) * height))
  const link = document.createElement("a")
  link.href = all.toDataURL("image/png")
  link.download = "crlocal-explore.png"
  link.click()
}
"""


def style_sheet(name):
    """Style sheet of the folder."""
    text = Path(__file__).with_name(f"{name}.css").read_text(encoding="utf-8")
    return InlineStyleSheet(css=text)


def figure_grid(figures, energy):
    """Layout of the figures, with the slider of the energy below the map."""
    sky = Column(figures.sky, energy, sizing_mode="stretch_width")
    parts = figures.spectra, figures.amplitude, sky, figures.phase
    return Column(*parts, css_classes=["figures"], stylesheets=[style_sheet("figures")])


def make_slider(name, start, end, value, steps, is_log=False, unit="", **settings):
    """Slider of a parameter, which has decadic logarithms if ``is_log``."""
    number = CustomJSTickFormatter(args={"log": is_log, "unit": unit}, code=_NUMBER)
    return Slider(
        start=start, end=end, value=value, step=(end - start) / steps, name=name, format=number,
        sizing_mode="stretch_width", bar_color="#999999", **settings,
    )  # fmt: skip


def energy_slider(figures):
    """Slider of the energy of the map."""
    title, value = "Energy of the map and of the dotted lines", float(np.log10(figures.energy))
    look = {"title": title, "margin": (5, 15, 5, 15)}
    return make_slider("energy", 2, 8, value, 300, is_log=True, unit="GeV", **look)


class Page:
    """Page of an exploration; `root` is what a document or a notebook shows.

    ``sliders`` and ``buttons`` are by name, and ``message`` is what the last button came to.
    """

    def __init__(self, exploration):
        self.exploration, self.figures = exploration, Figures(exploration)
        self._text, self._follows, self._saved = style_sheet("text"), True, 0
        self.message = self._div()
        self._kinds = _kinds_of(exploration.datasets)
        self._status, self._table, self._cells = self._div(), self._div(), ColumnDataSource()
        divs = CustomJS(args={"divs": [self._status, self._table]}, code=_SET_NUMBERS)
        self._cells.js_on_change("data", divs)
        self.sliders, self._marks = {}, {}
        for handle in exploration.handles:
            self._add_slider(handle)
        # what a browser is to save goes there
        self._file = Div(visible=False)
        self._file.js_on_change("tags", CustomJS(code=_DOWNLOAD))
        self.energy = energy_slider(self.figures)
        self.energy.on_change("value", self._energy_moved)
        self.root = Column(
            self._top(),
            Column(*self._groups(), css_classes=["sliders"], sizing_mode="stretch_width"),
            figure_grid(self.figures, self.energy),
            Column(self._table, css_classes=["data"], sizing_mode="stretch_width"),
            stylesheets=[style_sheet("page")],
            sizing_mode="stretch_width",
            # what nothing refers to would not reach the browser
            tags=[self._cells],
        )
        self.show()

    def _div(self, text="", **settings):
        settings = {"margin": (0, 5, 2, 5), "sizing_mode": "stretch_width"} | settings
        return Div(text=text, stylesheets=[self._text], **settings)

    # ----------------------------------------------------------------- parts

    def _top(self):
        words = {
            "fit": ("Fit from here", self._fit_clicked, "primary"),
            "paper": ("Back to the paper", lambda: self._go(self.exploration.to_paper), "default"),
            "best": ("To the best fit", lambda: self._go(self.exploration.to_best), "default"),
            "yaml": ("Save as YAML", self._save_yaml, "default"),
            "png": ("Save as PNG", None, "default"),
        }
        self.buttons = {}
        for name, (label, action, kind) in words.items():
            button = self.buttons[name] = Button(label=label, button_type=kind, width_policy="min")
            if action:
                button.on_click(action)
        figures = self.figures
        parts = [figures.spectra, figures.amplitude, figures.sky, figures.phase]
        self.buttons["png"].js_on_click(CustomJS(args={"figures": parts}, code=_PICTURE))
        options = [(name, label.split(" [")[0]) for name, (label, _) in AXES.items()]
        self.axis = Select(options=options, value="total_energy", width=210, name="axis")
        self.axis.on_change("value", lambda attr, old, new: figures.show_axis(new))
        wrap = InlineStyleSheet(css=":host { flex-wrap: wrap; align-items: end; }")
        return Column(
            self._div("<h1>Cosmic rays near the Sun: spectra and dipole</h1>"),
            Row(*self.buttons.values(), self.axis, stylesheets=[wrap], width_policy="max"),
            *(self._status, self.message, self._file),
            css_classes=["top"], sizing_mode="stretch_width",
        )  # fmt: skip

    def _add_slider(self, handle):
        look = {"title": handle.name, "margin": (3, 5, 0, 5)}
        place = self._place(handle)
        slider = make_slider(
            handle.name, *place, _STEPS, is_log=handle.is_log, unit=handle.unit, **look
        )
        slider.on_change("value", lambda attr, old, new: self._moved(handle.name, new))
        self.sliders[handle.name] = slider
        self._marks[handle.name] = self._div(margin=(-9, 5, 3, 5))

    def _groups(self):
        groups = {_OPEN[0]: []}
        for handle in self.exploration.handles:
            groups.setdefault(handle.group, []).append(handle)
        # experiments come last
        for title, handles in sorted(groups.items(), key=lambda item: item[0] == "Experiments"):
            if handles:
                names = [*_FIRST, *(handle.name for handle in handles)]
                handles.sort(key=lambda handle: names.index(handle.name))
                rows = [w for h in handles for w in (self.sliders[h.name], self._marks[h.name])]
                inside = Column(*rows, visible=title in _OPEN, sizing_mode="stretch_width")
                toggle = Toggle(
                    label=title, active=inside.visible, sizing_mode="stretch_width", name=title
                )
                toggle.js_link("active", inside, "visible")
                yield toggle
                yield inside

    # ----------------------------------------------------------------- what users do

    def _moved(self, name, value):
        if not self._follows:
            return
        is_log = self.exploration.handle(name).is_log
        self.exploration.move(name, 10.0**value if is_log else value)
        self._update(points=name.split(".")[-1] in _SHIFTS)

    def _energy_moved(self, attr, old, new):
        self.figures.energy = 10.0**new
        self.figures.update_map()

    def _go(self, action):
        action()
        self.message.text = ""
        self.show()

    def _fit_clicked(self):
        self._say("fitting …")
        self._disable(True)
        document = self.root.document
        if document is not None and document.session_context is not None:
            # other pages go on meanwhile
            document.add_next_tick_callback(self._fit_beside)
        else:
            self._fitted(self.exploration.fit())

    async def _fit_beside(self):
        self._fitted(await asyncio.to_thread(self.exploration.fit))

    def _fitted(self, answer):
        self._disable(False)
        self.show()
        self._say(answer.message)

    def _say(self, text):
        self.message.text = f"<p><b>{escape(text)}</b></p>"

    def _disable(self, disabled):
        for widget in (*self.buttons.values(), *self.sliders.values()):
            widget.disabled = disabled
        self.buttons["best"].disabled = disabled or self.exploration.best is None

    def _save_yaml(self):
        name = "analysis" if self.exploration.analysis else "models"
        # the number makes a second click a change too
        self._saved += 1
        self._file.tags = [f"crlocal-explore-{name}.yaml", self.exploration.yaml(), self._saved]

    # ----------------------------------------------------------------- what they see

    def show(self):
        """Bring sliders, marks, figures and numbers to the state of the exploration."""
        self._follows = False
        for handle in self.exploration.handles:
            low, high, value = self._place(handle)
            step = (high - low) / _STEPS
            self.sliders[handle.name].update(start=low, end=high, value=value, step=step)
            self._marks[handle.name].text = self._marks_of(handle)
        self._follows = True
        self.buttons["best"].disabled = self.exploration.best is None
        best = self.exploration.best
        statistic = "" if best is None else f"{self.exploration.statistic(best):.1f}"
        self._best = statistic and f" (best fit {statistic})"
        numbers, chi2 = self._update(points=True)
        self._status.text = _filled(_STATUS, numbers)
        self._table.text = _filled(self._datasets(), chi2)

    def _update(self, points=False):
        """Bring figures and numbers to the present values; numbers above and in the table."""
        self.figures.update()
        if points:
            self.figures.update_points()
        # a move leaves the best fit as it is
        numbers = [(f"{self.exploration.statistic():.1f}", True), (self._best, False)]
        chi2 = self._chi2()
        text, is_bold = zip(*numbers, *chi2, strict=True)
        self._cells.data = {"text": text, "is_bold": is_bold}
        return numbers, chi2

    def _place(self, handle):
        """Range and value of a slider."""
        low, high = handle.low, handle.high
        place = np.array([low, high, np.clip(self.exploration.value(handle.name), low, high)])
        return (np.log10(place) if handle.is_log else place).tolist()

    def _marks_of(self, handle):
        spans = []
        if handle.published:
            low, high = (100 * handle.place(end) for end in handle.published)
            spans.append(
                f'<span class="published" title="{escape(handle.source)}" '
                f'style="left:{low:.2f}%;width:{high - low:.2f}%"></span>'
            )
        best, k = self.exploration.best, self.exploration.position(handle.name)
        marks = {"△": handle.paper, "◆": None if best is None else best[k]}
        for mark, value in marks.items():
            if value is not None:
                spans.append(f'<span style="left:{100 * handle.place(value):.2f}%">{mark}</span>')
        return (
            f'<div class="marks">{"".join(spans)}</div>'
            f'<div class="about">{escape(handle.description)}</div>'
        )

    def _chi2(self):
        """Numbers in the table of datasets, and whether to print each in bold."""
        found, numbers, cells = self.exploration.chi2(), self.exploration.numbers, []
        for names in self._kinds.values():
            cells.append((f"χ² {sum(found[name] for name in names):.1f}", True))
            for name in names:
                n, value = numbers[name], found[name]
                cells.append((f"{value:.1f}", bool(n and chdtrc(n, value) < _BAD)))
        return cells

    def _datasets(self):
        """Table of datasets, without their chi2."""
        numbers, markers, rows = self.exploration.numbers, self.figures.markers, []
        for title, names in self._kinds.items():
            total = sum(numbers[name] for name in names)
            heads = f'<th colspan="2">{title}</th><th class="n"></th><th>/ {total}</th>'
            rows.append(f"<tr>{heads}</tr>")
            for name in names:
                mark = drawing(*markers[name]) if name in markers else ""
                rows.append(
                    f'<tr><td>{mark}</td><td>{escape(name)}</td><td class="n"></td>'
                    f"<td>/ {numbers[name]}</td></tr>"
                )
        return f"<table>{''.join(rows)}</table><p class='key'>Bold: p &lt; {_BAD}.</p>"


def _filled(text, cells):
    """HTML with numbers in its empty cells, which have the class "n"."""
    parts = text.split('class="n">')
    for k, (number, is_bold) in enumerate(cells, start=1):
        parts[k] = f'class="n{" bold" if is_bold else ""}">{number}{parts[k]}'
    return "".join(parts)


def _kinds_of(datasets):
    titles, found = {"spectrum": "Spectra", "dipole": "Dipoles"}, {}
    for dataset in datasets:
        kind = getattr(dataset, "kind", None) or "other"
        title = titles.get(kind, kind.replace("_", " ").capitalize())
        found.setdefault(title, []).append(dataset.name)
    return found
