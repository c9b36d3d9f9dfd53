"""The kinds of Modbus meters that come with us, read from their files."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import orjson

from ..core.meters.register_table import read_table
from ..core.meters.registers import RegisterTable

OURS: Final = Path(__file__).parents[1] / "core" / "meters" / "register_tables"


@cache
def load_tables() -> Mapping[str, RegisterTable]:
    """Read all tables, by the name of their file; blocks."""
    return {file.stem: read_table(orjson.loads(file.read_bytes())) for file in sorted(OURS.glob("*.json"))}
