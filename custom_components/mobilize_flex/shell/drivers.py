"""The files about kinds of stations: those that come with us, and the owner's own."""

from collections.abc import Iterator
import logging
from pathlib import Path
from typing import Final

import orjson

from ..core.model.driver import Driver
from ..core.ocpp.drivers import DriverError, read_driver

LOGGER: Final = logging.getLogger(__name__)

OURS: Final = Path(__file__).parents[1] / "core" / "ocpp" / "driver_files"
SIZE_LIMIT: Final = 64 * 1024


def load_drivers(owners: Path | None = None) -> tuple[Driver, ...]:
    """Read all driver files; blocks.

    The owner's come first and replace ours of the same name. One that makes no sense is left out and logged.
    """
    drivers: dict[str, Driver] = {}
    for folder in (owners, OURS):
        for driver in _read(folder) if folder is not None and folder.is_dir() else ():
            drivers.setdefault(driver.key, driver)
    return tuple(drivers.values())


def _read(folder: Path) -> Iterator[Driver]:
    for file in sorted(folder.glob("*.json")):
        try:
            yield _driver(file)
        except (OSError, ValueError) as error:
            LOGGER.warning("The driver file %s is left out: %s", file.name, error)


def _driver(file: Path) -> Driver:
    if file.stat().st_size > SIZE_LIMIT:
        raise DriverError("too long")
    return read_driver(file.stem, orjson.loads(file.read_bytes()))
