"""The configuration folder of the demo's Home Assistant."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
import json
import os
from pathlib import Path
from typing import Any, Final, Self

from demo.house import HOUSE_SENSOR
from demo.line import Line
from demo.ports import HOST
from demo.prices import price_sensor

DOMAIN: Final = "mobilize_flex"
NOTES_FILE: Final = "demo.json"
SENSORS_FILE: Final = "demo_sensors.yaml"
OURS: Final = "# scripts/demo writes this file anew at each start; without this line it leaves it alone.\n"
INTEGRATION: Final = Path(__file__).resolve().parents[1] / "custom_components" / DOMAIN

CONFIGURATION: Final = """\
homeassistant:
  name: {name}
  language: {language}
  time_zone: Europe/Paris
  country: FR
  currency: EUR
  unit_system: metric
  latitude: 48.8606
  longitude: 2.3376
  elevation: 40

frontend:
history:
logbook:
energy:
sun:
conversation:
recorder:
automation: !include automations.yaml
script: !include scripts.yaml
scene: !include scenes.yaml
template: !include {sensors}

logger:
  default: warning
  logs:
    custom_components.{domain}: info
    # What this machine lacks for cameras is of no interest here.
    haffmpeg: critical
    homeassistant.components.camera.img_util: critical
    homeassistant.requirements: error
"""
NAMES: Final = {"en": "Demo home", "fr": "Maison de démonstration"}
EMPTY: Final = {"automations.yaml": "[]\n", "scenes.yaml": "[]\n", "scripts.yaml": "{}\n"}


class ForeignFolder(Exception):
    """The folder holds somebody's own Home Assistant."""


@dataclass(slots=True)
class Notes:
    """What the demo has to remember to find its own Home Assistant again; it holds secrets."""

    port: int = 0
    ocpp_port: int = 0
    line_port: int = 0
    password: str = ""
    token: str = ""
    stations: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the notes of an earlier run; complain if the folder is somebody else's."""
        path = folder / NOTES_FILE
        if path.is_file():
            return cls(**json.loads(path.read_text()))
        if (folder / ".storage").exists() or (folder / "configuration.yaml").exists():
            raise ForeignFolder(f"{folder} holds a Home Assistant the demo did not make; choose another --config-dir")
        return None

    def known(self) -> dict[str, Line]:
        """Return how stations dialled in an earlier run."""
        return {name: Line.read(self.stations[name], terms) for name, terms in self.lines.items()}

    def remember(self, lines: Mapping[str, Line]) -> None:
        """Take note of how stations dial now."""
        self.stations |= {name: line.password for name, line in lines.items()}
        self.lines |= {name: line.terms for name, line in lines.items()}

    def write(self, folder: Path) -> None:
        """Keep the notes, for the eyes of this user only."""
        write_private(folder / NOTES_FILE, json.dumps(asdict(self), indent=2))


def write_private(path: Path, text: str) -> None:
    """Write a file for the eyes of this user only, whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def furnish(folder: Path, *, port: int, language: str, own_house: bool, now: datetime) -> None:
    """Write what Home Assistant finds when it starts; what people changed meanwhile stays.

    ``own_house`` adds a sensor that plays the house meter.
    """
    storage = folder / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    for name, content in EMPTY.items():
        _write_once(folder / name, content)
    filled = CONFIGURATION.format(name=NAMES[language], language=language, sensors=SENSORS_FILE, domain=DOMAIN)
    _write_ours(folder / "configuration.yaml", filled)
    _write_ours(folder / SENSORS_FILE, price_sensor(now) + (HOUSE_SENSOR if own_house else ""))
    _link(folder / "custom_components" / DOMAIN)
    _keep_http(storage, port, now)
    _keep(storage, "onboarding", 4, 1, {"done": ["core_config", "analytics", "integration"]})
    _keep(storage, "core.config_entries", 1, 5, {"entries": [_silent_marketplace(now)]})


def _write_once(path: Path, content: str) -> None:
    if not path.exists():
        path.write_text(content)


def _write_ours(path: Path, content: str) -> None:
    if not path.exists() or path.read_text().startswith(OURS):
        path.write_text(OURS + content)


def _link(place: Path) -> None:
    """Let Home Assistant load the integration from this checkout."""
    place.parent.mkdir(exist_ok=True)
    if place.is_symlink():
        place.unlink()
    place.symlink_to(INTEGRATION, target_is_directory=True)


def _keep(storage: Path, key: str, version: int, minor: int, data: dict[str, Any]) -> None:
    """Write one of Home Assistant's stores, unless it is there already."""
    _write_once(storage / key, json.dumps({"version": version, "minor_version": minor, "key": key, "data": data}))


def _keep_http(storage: Path, port: int, now: datetime) -> None:
    """Tell the web server its address; in YAML it would only be tried for five minutes."""
    path = storage / "http"
    settings = {
        "server_host": [HOST],
        "server_port": port,
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": False,
        "ssl_profile": "intermediate_v6",
        "use_x_frame_options": True,
        "created_at": now.isoformat(),
        "error": None,
        "error_message": None,
    }
    if path.exists() and json.loads(path.read_text())["data"]["stable"]["server_port"] != port:
        path.unlink()
    _keep(storage, "http", 3, 1, {"stable": settings, "pending": None, "yaml_migration_done": True})


def _silent_marketplace(now: datetime) -> dict[str, Any]:
    """Return a switched-off entry: the Marketplace would call out to the internet."""
    return {
        "created_at": now.isoformat(),
        "modified_at": now.isoformat(),
        "data": {},
        "disabled_by": "user",
        "discovery_keys": {},
        "domain": "marketplace",
        "entry_id": "01KDEMO0MARKETPLACE0SILENT",
        "minor_version": 1,
        "options": {},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "source": "system",
        "subentries": [],
        "title": "Marketplace",
        "unique_id": None,
        "version": 1,
    }
