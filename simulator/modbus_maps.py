"""The registers of common meters, as their makers list them."""

from dataclasses import dataclass

type Rows = tuple[tuple[str, tuple[int, ...], str, float], ...]


@dataclass(frozen=True, slots=True)
class MeterMap:
    """One meter: the functions it answers, its values, and what stands between them.

    A row is a quantity, an address for each phase (or part), how the number is packed, and how many of its units make
    one volt, ampere, watt or watt-hour. `filled` are other values a read may run over.
    """

    functions: tuple[int, ...]
    rows: Rows
    low_first: bool = False
    filled: tuple[tuple[int, int], ...] = ()
    longest: int = 125


def _sdm(phases: int) -> Rows:
    steps = tuple(range(0, 2 * phases, 2))
    total = (("power", (0x34,), "f", 1.0),) if phases == 3 else ()
    return (
        ("voltage", tuple(0x00 + step for step in steps), "f", 1.0),
        ("current", tuple(0x06 + step for step in steps), "f", 1.0),
        ("phase_power", tuple(0x0C + step for step in steps), "f", 1.0),
        *total,
        ("import", (0x48,), "f", 0.001),
        ("export", (0x4A,), "f", 0.001),
    )


def _gavazzi(drawn: int, fed_in: int) -> Rows:
    return (
        ("voltage", (0x00, 0x02, 0x04), "i", 10.0),
        ("current", (0x0C, 0x0E, 0x10), "i", 1000.0),
        ("phase_power", (0x12, 0x14, 0x16), "i", 10.0),
        ("power", (0x28,), "i", 10.0),
        ("import", (drawn,), "i", 0.01),
        ("export", (fed_in,), "i", 0.01),
    )


MAPS = {
    "siemens_pac2200": MeterMap(
        (3, 4),
        (
            ("voltage", (1, 3, 5), "f", 1.0),
            ("current", (13, 15, 17), "f", 1.0),
            ("phase_power", (25, 27, 29), "f", 1.0),
            ("power", (65,), "f", 1.0),
            ("import", (801, 805), "d", 1.0),
            ("export", (809, 813), "d", 1.0),
        ),
        filled=((1, 70),),
    ),
    "eastron_sdm630": MeterMap((4,), _sdm(3)),
    "eastron_sdm72": MeterMap((4,), _sdm(3), longest=20),
    "eastron_sdm120": MeterMap((4,), _sdm(1)),
    "carlo_gavazzi_em24": MeterMap((3, 4), _gavazzi(0x3E, 0x5C), low_first=True),
    "carlo_gavazzi_em340": MeterMap((4,), _gavazzi(0x34, 0x4E), low_first=True),
    "schneider_iem3000": MeterMap(
        (3,),
        (
            ("current", (0x0BB7, 0x0BB9, 0x0BBB), "f", 1.0),
            ("voltage", (0x0BD3, 0x0BD5, 0x0BD7), "f", 1.0),
            ("phase_power", (0x0BED, 0x0BEF, 0x0BF1), "f", 0.001),
            ("power", (0x0BF3,), "f", 0.001),
            ("import", (0x0C83,), "q", 1.0),
            ("export", (0x0C87,), "q", 1.0),
        ),
    ),
    "abb_b23": MeterMap(
        (3,),
        (
            ("voltage", (0x5B00, 0x5B02, 0x5B04), "I", 10.0),
            ("current", (0x5B0C, 0x5B0E, 0x5B10), "I", 100.0),
            ("power", (0x5B14,), "i", 100.0),
            ("phase_power", (0x5B16, 0x5B18, 0x5B1A), "i", 100.0),
            ("import", (0x5000,), "Q", 0.1),
            ("export", (0x5004,), "Q", 0.1),
        ),
        filled=((0x5B00, 0x5B2E),),
    ),
    "janitza_umg": MeterMap(
        (3, 4),
        (
            ("voltage", (19000, 19002, 19004), "f", 1.0),
            ("current", (19012, 19014, 19016), "f", 1.0),
            ("phase_power", (19020, 19022, 19024), "f", 1.0),
            ("power", (19026,), "f", 1.0),
            ("import", (19068,), "f", 1.0),
            ("export", (19076,), "f", 1.0),
        ),
        filled=((19000, 19078),),
    ),
}
