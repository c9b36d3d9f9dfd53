"""The drawings of the meter's wiring, made from the same facts as its tables: pins, jumpers, transformers."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from .core.model.installation import PINS, PORTS, TRANSFORMER_PINS, MeterPort

TRANSFORMERS: Final = "transformers"
WIRING_PATH: Final = "/api/mobilize_flex/wiring/{}.svg"
NAMES: Final = (*(str(port) for port in MeterPort), TRANSFORMERS)

_WIDTH: Final = 440
_HEIGHT: Final = 216
_STYLE: Final = (
    ".b{fill:#fff;stroke:#9aa5b1}.k{fill:none;stroke:#52606d;stroke-width:2}.p{fill:#cbd2d9}.on{fill:#d9822b}"
    ".c{fill:#fff}.w{stroke:#d9822b;stroke-width:4;fill:none}.j{fill:#1f6feb}"
    "text{font:14px sans-serif;fill:#1f2933}.t{font-weight:bold}.e{text-anchor:end}.m{text-anchor:middle}"
)
_FIRST_Y: Final = 52
_STEP_Y: Final = 28
_HEADER_X: Final = {"J1": 256, "J2": 360}
_CELL: Final = 24


@cache
def drawing(name: str) -> str:
    """Return one of the drawings, as SVG without a word to translate."""
    parts = _transformers() if name == TRANSFORMERS else _port(MeterPort(name))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}"><style>{_STYLE}</style>'
        f'<rect class="b" x="1" y="1" width="{_WIDTH - 2}" height="{_HEIGHT - 2}" rx="8"/>{"".join(parts)}</svg>\n'
    )


def pictured(name: str) -> str:
    """Return where a drawing is found."""
    return WIRING_PATH.format(name)


def _port(port: MeterPort) -> Iterator[str]:
    """Draw the six pins of the socket with what is on them, and both jumpers where they stand."""
    wiring = PORTS[port]
    yield _text(76, 28, "RJ12", "t m")
    yield f'<rect class="k" x="52" y="{_FIRST_Y - 16}" width="48" height="{_STEP_Y * len(PINS) + 4}" rx="6"/>'
    for n, pin in enumerate(PINS):
        y = _FIRST_Y + _STEP_Y * n
        sign = wiring.pins.get(pin)
        yield _text(40, y + 5, str(pin), "e")
        yield f'<circle class="{"p on" if sign else "p"}" cx="76" cy="{y}" r="7"/>'
        if sign:
            yield f'<path class="w" d="M83 {y}H156"/>{_text(164, y + 5, sign)}'
    for name, x in _HEADER_X.items():
        yield from _header(name, x, wiring.jumpers)


def _header(name: str, x: int, bridged: tuple[int, int]) -> Iterator[str]:
    """Draw a row of ten pins in pairs, with the jumper over the pair it bridges."""
    yield _text(x + _CELL, 28, name, "t m")
    for pair in range(5):
        left, right = 2 * pair + 1, 2 * pair + 2
        y = _FIRST_Y + _STEP_Y * pair
        if (left, right) == bridged:
            yield f'<rect class="j" x="{x - 4}" y="{y - 11}" width="{2 * _CELL + 8}" height="22" rx="5"/>'
        on = "c" if (left, right) == bridged else "p"
        yield f'<circle class="{on}" cx="{x + 10}" cy="{y}" r="6"/><circle class="{on}" cx="{x + 38}" cy="{y}" r="6"/>'
        yield _text(x - 10, y + 5, str(left), "e") + _text(x + 2 * _CELL + 10, y + 5, str(right))


def _transformers() -> Iterator[str]:
    """Draw the plug of eight with its six pins in use, and three rings with the arrow along the current."""
    yield f'<rect class="k" x="40" y="30" width="44" height="{20 * 8 + 10}" rx="6"/>'
    for n in range(8):
        on = any(n + 1 in pins for pins in TRANSFORMER_PINS)
        yield f'<circle class="{"p on" if on else "p"}" cx="62" cy="{45 + 20 * n}" r="6"/>'
        yield _text(30, 50 + 20 * n, str(n + 1), "e")
    for n, (minus, plus) in enumerate(TRANSFORMER_PINS):
        low, high, y = 25 + 20 * minus, 25 + 20 * plus, 50 + 58 * n
        turn = 200 - 12 * minus
        yield f'<path class="w" d="M69 {low}H{turn}V{y - 15}H232M69 {high}H{turn - 12}V{y + 15}H232"/>'
        yield _text(96, low - 4, "−") + _text(96, high - 4, "+")
        yield f'<path class="k" d="M210 {y}H350M340 {y - 6}L350 {y}L340 {y + 6}"/>'
        yield f'<circle class="k" cx="240" cy="{y}" r="18"/>{_text(268, y - 10, f"CT{n + 1}")}'
        yield _text(362, y + 5, f"L{n + 1}", "t")


def _text(x: int, y: int, words: str, style: str = "") -> str:
    return f'<text x="{x}" y="{y}"{f" class={style!r}" if style else ""}>{words}</text>'
