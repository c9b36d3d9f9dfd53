"""The page about a comparison: one file that needs no network."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
import shlex
from typing import Final

from worth import views
from worth.assumptions import MODELLED, NOT_MODELLED
from worth.compare import Comparison, Outcome
from worth.home import Home, Way
from worth.promises import Promises

STYLE: Final = Path(__file__).with_name("page.css")
IDLE_KWH: Final = 1.0
LITTLE: Final = 1.0
WAYS: Final = tuple((way.value, name) for way, name in views.NAMES.items())
FLOWS: Final = (("c2", "charging"), ("d2", "giving back"), ("away", "not plugged in"))
BOOKS: Final = (
    "The sensors judge each session by itself: the same car, with the same level in the end, charged at once or in the "
    "cheapest hours of that session, known afterwards. They do not see that a car charged at once fills up at every "
    "stop, whether a drive follows or not. So the two answer different questions: theirs what a session was worth, the "
    "table above what a way of living with the car is."
)
KEPT: Final = {
    "envelope": "Never over the subscribed power because of the car, never more fed in than allowed",
    "minimum": "Never discharged below the owner's minimum",
    "departure": "Ready at an announced departure whenever charging at once would have been",
}


def page(done: Comparison, command: Sequence[str]) -> str:
    """Return the page as HTML; ``command`` are the words that made it."""
    body = "".join(
        (
            f"<header>{_head(done)}</header>",
            _tiles(done),
            _money(done),
            _when(done),
            _closely(done),
            _levels(done),
            _why(done),
            _promises(done),
            _assumptions(done, command),
        )
    )
    style = STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>What V2G would be worth</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _euro(value: float) -> str:
    told = f"{value:,.2f} €" if abs(value) < 100 else f"{value:,.0f} €"
    return told.removeprefix("-") if float(told[:-2].replace(",", "")) == 0.0 else told.replace("-", "−")


def _section(title: str, words: str, *parts: str) -> str:
    told = f'<p class="soft">{words}</p>' if words else ""
    return f"<section><h2>{title}</h2>{told}{''.join(parts)}</section>"


def _drawing(svg: str) -> str:
    return f'<div class="scroll">{svg}</div>'


def _legend(rows: Iterable[tuple[str, str]]) -> str:
    spot = '<svg viewBox="0 0 12 12" aria-hidden="true"><rect class="{}" width="12" height="12" rx="3"/></svg>'
    return f'<ul class="legend">{"".join(f"<li>{spot.format(css)}{escape(name)}</li>" for css, name in rows)}</ul>'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], last: int = 0) -> str:
    """Return a table; the last rows, so many, are sums."""
    kept = list(rows)
    top = "".join(f"<th>{escape(word)}</th>" for word in head)
    lines = []
    for n, row in enumerate(kept):
        css = ' class="sum"' if n >= len(kept) - last else ""
        lines.append(f"<tr{css}>{''.join(f'<td>{word}</td>' for word in row)}</tr>")
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


# the parts, from top to bottom


def _head(done: Comparison) -> str:
    home = done.home
    sun = f", {home.sun_kwp:g} kWp of sun" if home.sun_kwp else ""
    feed = f"up to {home.feed_in_w / 1000:g} kW may be fed in" if home.feed_in_w else "the car may only cover the house"
    return (
        "<h1>What V2G would be worth</h1>"
        f'<p class="soft">{home.days} days from {home.start:%-d %B %Y} · tariff {escape(done.market.name)} · '
        f"{home.kva:g} kVA · {home.house_kwh + home.heating_kwh:,.0f} kWh a year{sun} · {home.battery_kwh:g} kWh car, "
        f"{home.soc_min_pct:g} to {home.soc_max_pct:g} % · {feed} · seed {home.seed}</p>"
        f'<p class="verdict">{_verdict(done)}</p>'
    )


def _verdict(done: Comparison) -> str:
    """Return the answer in a sentence or two."""
    one, beyond = done.outcomes[Way.V2G], done.saving(Way.V2G, Way.SMART)
    clever = done.saving(Way.SMART, Way.PLAIN)
    out = one.diary.total.car_out_kwh
    first = f"Charging cleverly saves {_euro(clever)} against charging at once."
    if out < IDLE_KWH:
        return (
            f"{first} Giving back saves nothing on this tariff: the spread of the prices does not pay for the losses, "
            "and the controller rightly leaves the car alone."
        )
    if beyond < LITTLE:
        return f"{first} Giving back {out:,.0f} kWh changes that by {_euro(beyond)} only: hardly worth the wear."
    return (
        f"{first} Giving back {out:,.0f} kWh saves another {_euro(beyond)}, {beyond / out * 100:.1f} ct for each kWh."
    )


def _tiles(done: Comparison) -> str:
    one, other = done.outcomes[Way.V2G], done.outcomes[Way.SMART]
    total = one.diary.total
    rows = (
        (_euro(done.saving(Way.V2G, Way.PLAIN)), "saved by V2G against charging at once"),
        (_euro(done.saving(Way.V2G, Way.SMART)), "of it beyond smart one-way charging"),
        (f"{total.v2g_h:,.0f} h", "plugged in and ready for V2G"),
        (f"{total.car_out_kwh:,.0f} kWh", f"given back, in {total.discharging_h:,.0f} hours"),
        (f"{one.cycles - other.cycles:+.1f}".replace("-", "−"), f"battery cycles beside {other.cycles:.1f} of driving"),
    )
    return f'<div class="tiles">{"".join(f"<div class=tile><b>{a}</b><span>{b}</span></div>" for a, b in rows)}</div>'


def _money(done: Comparison) -> str:
    words = "What the car adds to the bill, the ageing of its battery, and what was charged on the road."
    return _section(
        "What the car costs",
        words,
        _legend(WAYS),
        _drawing(views.months(done)),
        _costs(done),
        f"<details><summary>Month by month</summary>{_by_month(done)}</details>",
        "<h2 style='margin-top:18px'>Energy, with V2G</h2>",
        _legend((("into", "charged"), ("outof", "given back"))),
        _drawing(views.energy(done)),
    )


def _costs(done: Comparison) -> str:
    every = list(done.outcomes.values())

    def row(name: str, of: Sequence[float]) -> list[str]:
        return [name, *(_euro(value) for value in of)]

    totals = [one.diary.total for one in every]
    rows = [
        row("Added to the bill of the home", [t.bill - t.bill_without_car for t in totals]),
        row("Ageing of the battery", [t.ageing for t in totals]),
        row("Charged on the road", [t.road for t in totals]),
        row("Less: worth of what the battery holds more than at first", [-one.stock for one in every]),
        row("The car in all", [one.net for one in every]),
    ]
    kept = [
        row("Against a plain charge", [one.ledger.saving_plain for one in every]),
        row("Against one-way smart charging", [one.ledger.saving_smart for one in every]),
    ]
    head = ["", *views.NAMES.values()]
    words = f"<h2 style='margin-top:18px'>Saved, by the integration's own sensors</h2><p class='soft'>{BOOKS}</p>"
    return _table(head, rows, last=1) + words + _table(head, kept)


def _by_month(done: Comparison) -> str:
    v2g = done.outcomes[Way.V2G].diary
    head = ["Month", *(f"{name}, €" for name in views.NAMES.values()), "saved by V2G, €", "charged, kWh",
            "given back, kWh", "V2G hours"]  # fmt: skip
    rows = []
    for key in [*sorted(v2g.months), None]:
        costs = [(one.diary.total if key is None else one.diary.months[key]).car_cost for one in done.outcomes.values()]
        tally = v2g.total if key is None else v2g.months[key]
        figures = [*costs, costs[0] - costs[-1], tally.car_in_kwh, tally.car_out_kwh, tally.v2g_h]
        name = "In all" if key is None else views.month_name(key)
        rows.append([name, *(f"{value:,.2f}".replace("-", "−") for value in figures)])
    return _table(head, rows, last=1)


def _when(done: Comparison) -> str:
    drawn, legend = views.price_carpet(done)
    others = "".join(
        f"<h2>{name}</h2>{_drawing(views.car_carpet(done, way))}"
        for way, name in views.NAMES.items()
        if way is not Way.V2G
    )
    return _section(
        "When it charges and gives back",
        "Each column is a day from midnight to midnight; stronger colours are more power.",
        _legend(FLOWS),
        _drawing(views.car_carpet(done, Way.V2G)),
        "<h2 style='margin-top:14px'>The price</h2>",
        _legend(legend),
        _drawing(drawn),
        f"<details><summary>The same, charged at once and one way</summary>{others}</details>",
    )


def _closely(done: Comparison) -> str:
    days = views.best_days(done)
    power, soc, price = views.detail(done, days)
    whole = len(days) == done.home.days
    words = "Every day of it." if whole else "The day on which giving back was worth most, with its neighbours."
    return _section(
        "A closer look",
        words,
        _legend((("into", "the car charges"), ("outof", "the car gives back"), ("house", "the house without the car"))),
        _drawing(power),
        _legend(WAYS),
        _drawing(soc),
        _drawing(price),
    )


def _levels(done: Comparison) -> str:
    legend = (("band", "range with V2G"), ("plain", "lowest when charged at once"))
    surprised = [
        f"{views.NAMES[way]}: {one.promises.surprised_pct:.0f} %"
        for way, one in done.outcomes.items()
        if one.promises.surprised
    ]
    count = done.outcomes[Way.V2G].promises.surprised
    words = f"{count} drives nobody had announced began with, on the mean: {', '.join(surprised)}." if count else ""
    return _section("The battery's level", words, _legend(legend), _drawing(views.levels(done)))


def _why(done: Comparison) -> str:
    words = "While the car was plugged in, in the words of the controller's own reason sensor."
    return _section("Why, with V2G", words, _drawing(views.why(done.outcomes[Way.V2G])))


def _promises(done: Comparison) -> str:
    rows = []
    for key, words in KEPT.items():
        rows.append([words, *(_verdict_on(one.promises, key) for one in done.outcomes.values())])
    gaps = [max(abs(one.battery_gap_kwh), abs(one.grid_gap_kwh)) for one in done.outcomes.values()]
    rows.append(["What the balances of energy fail to explain", *(f"{gap:.3f} kWh" for gap in gaps)])
    rows.append(["Its own records of the sessions, against the truth", *(_records(o) for o in done.outcomes.values())])
    every = [(way, breach) for way, one in done.outcomes.items() for breach in one.promises.breaches]
    told = "".join(
        f"<li>{views.NAMES[way]}, {breach.at.astimezone(done.home.zone):%-d %b %Y %H:%M}: {escape(breach.figures)}</li>"
        for way, breach in every
    )
    return _section(
        "Promises kept",
        "Watched from outside at every step, by figures the controller does not see.",
        _table(["", *views.NAMES.values()], rows),
        f"<details open><summary>The first broken ones</summary><ul>{told}</ul></details>" if told else "",
    )


def _verdict_on(promises: Promises, key: str) -> str:
    tried = promises.departures if key == "departure" else promises.stretches
    broken = promises.broken[key]
    if broken:
        return f'<span class="broken">broken {broken} of {tried:,}</span>'
    return f'<span class="ok">kept, {tried:,} times</span>'


def _records(one: Outcome) -> str:
    total, ledger = one.diary.total, one.ledger
    return f"{ledger.in_kwh - total.car_in_kwh:+.2f} / {ledger.out_kwh - total.car_out_kwh:+.2f} kWh".replace("-", "−")


def _assumptions(done: Comparison, command: Sequence[str]) -> str:
    plans = done.outcomes[Way.V2G]
    home: Home = done.home
    patience = int(home.patience.total_seconds() // 60)
    words = (
        f"With V2G the planner was asked {plans.plans_asked:,} times and made {plans.plans_made:,} plans; a plan that "
        f"still held was kept for up to {patience} minutes. A look every {home.step_minutes} minutes, oftener where "
        "something happens or the battery nears a limit."
    )
    return _section(
        "What this rests on",
        words,
        '<div class="columns"><div><h2>In it</h2><ul>'
        + "".join(f"<li>{line}</li>" for line in MODELLED)
        + "</ul></div><div><h2>Not in it</h2><ul>"
        + "".join(f"<li>{line}</li>" for line in NOT_MODELLED)
        + "</ul></div></div>",
        f"<p style='margin-top:14px'><code>python -m worth {escape(shlex.join(command))}</code></p>",
    )
