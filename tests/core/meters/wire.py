"""A Linky's wire, small: groups and frames as bytes, by the rule of the note and nothing else."""

STX, ETX, EOT = b"\x02", b"\x03", b"\x04"
WINTER = "H251122180500"


def checksum(covered: bytes) -> bytes:
    """Return the low six bits of the sum, moved up to the printable characters."""
    return bytes([(sum(covered) & 0x3F) + 0x20])


def standard(label: str, value: str, at: str | None = None) -> bytes:
    """Return one group of the standard mode; the sum covers the last tab."""
    covered = "\t".join((label, value) if at is None else (label, at, value)).encode() + b"\t"
    return b"\n" + covered + checksum(covered) + b"\r"


def historic(label: str, value: str) -> bytes:
    """Return one group of the historic mode; the sum stops before the last space."""
    covered = f"{label} {value}".encode()
    return b"\n" + covered + b" " + checksum(covered) + b"\r"


def frame(*groups: bytes) -> bytes:
    """Return a whole frame."""
    return STX + b"".join(groups) + ETX


def even(data: bytes) -> bytes:
    """Return seven-bit characters with their even parity bit, as an eight-bit reader sees them."""
    return bytes(b | 0x80 if b.bit_count() % 2 else b for b in data)


def marked(data: bytes) -> bytes:
    """Return seven-bit characters with bit 7 always set."""
    return bytes(b | 0x80 for b in data)


def house(
    *,
    drawn: int = 1234,
    injected: int | None = None,
    amps: int = 5,
    volts: int = 235,
    stge: str = "003AC401",
    serial: str = "041876543210",
) -> list[bytes]:
    """Return the groups of a single phase meter; ``injected`` makes it a producer."""
    groups = [
        standard("ADSC", serial),
        standard("VTIC", "02"),
        standard("DATE", "", WINTER),
        standard("NGTF", "      TEMPO     "),
        standard("LTARF", "    HP  BLEU    "),
        standard("EAST", "012345678"),
        standard("EASF01", "009999999"),
        standard("EASF02", "002345679"),
        standard("EASD01", "012345678"),
        standard("IRMS1", f"{amps:03}"),
        standard("URMS1", f"{volts:03}"),
        standard("PREF", "09"),
        standard("PCOUP", "09"),
        standard("SINSTS", f"{drawn:05}"),
        standard("SMAXSN", "05210", "H251122073012"),
        standard("SMAXSN-1", "06040", "H251121192233"),
        standard("CCASN", "01180", "H251122180000"),
        standard("CCASN-1", "01420", "H251122173000"),
        standard("UMOY1", "234", "H251122180000"),
        standard("STGE", stge),
        standard("DPM1", "00", " 251125070000"),
        standard("MSG1", "PAS DE          MESSAGE         "),
        standard("PRM", "09876543210123"),
        standard("RELAIS", "140"),
        standard("NTARF", "02"),
        standard("NJOURF", "00"),
        standard("NJOURF+1", "01"),
        standard("PJOURF+1", "00004003 06004004 2200C003" + 8 * " NONUTILE"),
    ]
    if injected is not None:
        groups[6:6] = [standard("EAIT", "000765432")]
        groups[15:15] = [standard("SINSTI", f"{injected:05}")]
    return groups


def three_phases(
    *,
    drawn: int = 6000,
    injected: int | None = 0,
    shares: tuple[int, int, int] = (2300, 1150, 2550),
    amps: tuple[int, int, int] = (10, 5, 11),
) -> list[bytes]:
    """Return the measuring groups of a three phase meter."""
    groups = [standard("ADSC", "041976543210"), standard("EAST", "000000100")]
    groups += [standard(f"IRMS{n}", f"{a:03}") for n, a in enumerate(amps, 1)]
    groups += [standard(f"URMS{n}", "230") for n in (1, 2, 3)]
    groups += [standard("PREF", "12"), standard("PCOUP", "12"), standard("SINSTS", f"{drawn:05}")]
    groups += [standard(f"SINSTS{n}", f"{s:05}") for n, s in enumerate(shares, 1)]
    groups += [] if injected is None else [standard("SINSTI", f"{injected:05}")]
    return [*groups, standard("STGE", "003A0100")]


def old_house(*, amps: int = 4, papp: int = 950, ptec: str = "HPJB") -> list[bytes]:
    """Return the groups of a single phase meter in historic mode, on the Tempo contract."""
    return [
        historic("ADCO", "041876543210"),
        historic("OPTARIF", "BBR("),
        historic("ISOUSC", "45"),
        *(historic(f"BBRH{h}J{c}", f"{n:09}") for n, (c, h) in enumerate(((c, h) for c in "BWR" for h in "CP"), 1)),
        historic("PTEC", ptec),
        historic("DEMAIN", "ROUG"),
        historic("IINST", f"{amps:03}"),
        historic("IMAX", "090"),
        historic("PAPP", f"{papp:05}"),
        historic("HHPHC", "A"),
        historic("MOTDETAT", "000000"),
    ]
