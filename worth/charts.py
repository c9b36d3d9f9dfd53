"""Drawings for the page: bars, carpets of the year, and days in detail, as inline SVG without a script."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
import math
from typing import Final

WIDTH: Final = 960.0
LEFT: Final = 52.0
RIGHT: Final = 10.0
INNER: Final = WIDTH - LEFT - RIGHT


@dataclass(frozen=True, slots=True)
class Series:
    """Hold one row of figures with its name and the class that colours it."""

    name: str
    css: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Axis:
    """Turn figures between ``low`` and ``high`` into heights between ``bottom`` and ``top``; a line at every step."""

    low: float
    high: float
    bottom: float
    top: float
    step: float

    def y(self, value: float) -> float:
        """Return where a figure stands."""
        return self.bottom + (value - self.low) / (self.high - self.low or 1.0) * (self.top - self.bottom)


def svg(height: float, label: str, *parts: str) -> str:
    """Return a drawing with a name for those who cannot see it."""
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="{escape(label, quote=True)}">'
        f"{''.join(parts)}</svg>"
    )


def nice_axis(low: float, high: float, bottom: float, top: float) -> Axis:
    """Return an axis that ends on round figures and holds zero."""
    low, high = min(0.0, low), max(0.0, high)
    step = _step(high - low)
    return Axis(math.floor(low / step) * step, math.ceil(high / step) * step or step, bottom, top, step)


def _step(span: float) -> float:
    rough = (span or 1.0) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * n for n in (1.0, 2.0, 2.5, 5.0, 10.0) if power * n >= rough - 1e-12)


def grid(axis: Axis, unit: str) -> str:
    """Return the lines of an axis with their figures."""
    step, parts, value = axis.step, [], axis.low
    while value <= axis.high + step / 100:
        y = axis.y(value)
        css = "zero" if abs(value) < step / 100 else "grid"
        parts.append(f'<line class="{css}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text(LEFT - 6, y + 4, f"{value:g}", "end"))
        value = round(value + step, 10)
    return "".join(parts) + text(LEFT - 6, axis.top - 10, unit, "end")


def text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    """Return words in a drawing."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def grouped_bars(names: Sequence[str], rows: Sequence[Series], unit: str, label: str) -> str:
    """Return bars side by side, one group for each name."""
    every = [value for row in rows for value in row.values]
    axis = nice_axis(min(every), max(every), 226.0, 24.0)
    slot = INNER / len(names)
    bar = min(26.0, slot * 0.78 / len(rows))
    parts = [grid(axis, unit)]
    for n, name in enumerate(names):
        middle = LEFT + (n + 0.5) * slot
        parts.append(text(middle, 246, name))
        for k, row in enumerate(rows):
            x = middle + (k - len(rows) / 2) * bar
            parts.append(_bar(x + 1, bar - 2, axis, row.values[n], row.css, f"{name}, {row.name}", unit))
    return svg(256, label, *parts)


def _bar(x: float, width: float, axis: Axis, value: float, css: str, name: str, unit: str) -> str:
    a, b = sorted((axis.y(0.0), axis.y(value)))
    height = max(b - a, 0.75)
    told = escape(f"{name}: {value:,.2f} {unit}")
    return (
        f'<rect class="{css}" x="{x:.1f}" y="{a:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2">'
        f"<title>{told}</title></rect>"
    )


def lying_bars(rows: Sequence[tuple[str, float]], unit: str, css: str, label: str) -> str:
    """Return one bar under the other, the longest first."""
    longest = max((value for _, value in rows), default=1.0) or 1.0
    names, step = 210.0, 26.0
    parts = []
    for n, (name, value) in enumerate(rows):
        width = max(1.0, (WIDTH - names - 110) * value / longest)
        y = n * step + 4
        parts.append(text(names - 10, y + 14, name, "end"))
        parts.append(f'<rect class="{css}" x="{names}" y="{y}" width="{width:.1f}" height="18" rx="3"/>')
        parts.append(text(names + width + 8, y + 14, f"{value:,.0f} {unit}", "start"))
    return svg(len(rows) * step + 6, label, *parts)


def carpet(
    columns: Sequence[Sequence[float | None]],
    css_of: Callable[[float | None], str | None],
    marks: Sequence[tuple[int, str]],
    label: str,
) -> str:
    """Return a carpet: one column for each day, midnight at the top, coloured by figure; ``marks`` name columns."""
    height, top = 168.0, 6.0
    width, cell = INNER / len(columns), height / len(columns[0])
    paths: dict[str, list[str]] = {}
    for n, column in enumerate(columns):
        row = 0
        for css, run in groupby(column, css_of):
            count = len(list(run))
            if css is not None:
                x, y = LEFT + n * width, top + row * cell
                paths.setdefault(css, []).append(f"M{x:.2f} {y:.2f}h{width:.2f}v{count * cell:.2f}h-{width:.2f}z")
            row += count
    parts = [f'<rect class="ground" x="{LEFT}" y="{top}" width="{INNER}" height="{height}"/>']
    parts += [f'<path class="{css}" d="{"".join(path)}"/>' for css, path in sorted(paths.items())]
    parts += [text(LEFT - 6, top + height * hour / 24 + 4, f"{hour}:00", "end") for hour in (0, 6, 12, 18, 24)]
    parts += _column_marks(marks, width, top, height)
    return svg(top + height + 22, label, *parts)


def _column_marks(marks: Sequence[tuple[int, str]], width: float, top: float, height: float) -> list[str]:
    parts = []
    for n, name in marks:
        x = LEFT + n * width
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + height}"/>')
        parts.append(text(x + 3, top + height + 16, name, "start"))
    return parts


def band(
    low: Sequence[float], high: Sequence[float], lines: Sequence[Series], marks: Sequence[tuple[int, str]], label: str
) -> str:
    """Return the daily range of a share in per cent, and lines through it."""
    axis = Axis(0.0, 100.0, 176.0, 20.0, 25.0)
    slot = INNER / len(low)
    up = "".join(f"L{LEFT + (n + 0.5) * slot:.1f} {axis.y(v):.1f}" for n, v in enumerate(high))
    down = "".join(f"L{LEFT + (n + 0.5) * slot:.1f} {axis.y(v):.1f}" for n, v in reversed(list(enumerate(low))))
    parts = [grid(axis, "%"), f'<path class="band" d="M{up[1:]}{down}z"/>']
    for row in lines:
        path = "".join(f"L{LEFT + (n + 0.5) * slot:.1f} {axis.y(v):.1f}" for n, v in enumerate(row.values))
        parts.append(f'<path class="line {row.css}" d="M{path[1:]}"><title>{escape(row.name)}</title></path>')
    parts += [text(LEFT + n * slot + 3, 194, name, "start") for n, name in marks]
    return svg(202, label, *parts)


def steps(
    rows: Sequence[Series], unit: str, height: float, label: str, *, marks: Sequence[tuple[int, str]] = (),
    area: Series | None = None,
) -> str:  # fmt: skip
    """Return rows over time as steps, over bars of an area from zero."""
    every = [v for row in (*rows, *([area] if area else ())) for v in row.values]
    axis = nice_axis(min(every), max(every), height - 24, 24.0)
    count = len((area or rows[0]).values)
    slot = INNER / count
    parts = [grid(axis, unit)]
    if area is not None:
        parts.append(_area(area, axis, slot))
    for row in rows:
        path = "".join(
            f"L{LEFT + n * slot:.1f} {axis.y(v):.1f}H{LEFT + (n + 1) * slot:.1f}" for n, v in enumerate(row.values)
        )
        parts.append(f'<path class="line {row.css}" d="M{path[1:]}"><title>{escape(row.name)}</title></path>')
    for n, name in marks:
        x = LEFT + n * slot
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="24" y2="{height - 24}"/>')
        parts.append(text(x + 3, height - 8, name, "start"))
    return svg(height, label, *parts)


def _area(row: Series, axis: Axis, slot: float) -> str:
    """Return bars up for what is positive and down, in another colour, for what is negative."""
    paths = {"into": "", "outof": ""}
    for n, value in enumerate(row.values):
        if value:
            y = axis.y(0.0)
            css = "into" if value > 0 else "outof"
            paths[css] += f"M{LEFT + n * slot:.1f} {y:.1f}V{axis.y(value):.1f}h{slot:.2f}V{y:.1f}z"
    return "".join(f'<path class="{css}" d="{path}"/>' for css, path in paths.items() if path)
