"""What every test gets: the integration on the path, and loaded where a test runs Home Assistant.

Sockets: the plugin refuses them; a test that talks over loopback asks for `socket_enabled`.
"""

import importlib
import logging
from pathlib import Path

from hypothesis import settings
import pytest

_HOUSE = Path(__file__).parents[1] / "custom_components" / "mobilize_flex"


# A machine that is busy is no defect: properties are judged by what they find, not by how fast.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Load the integration before the plugin's own empty `custom_components` can be found instead."""
    # Without the plugin (`-p no:homeassistant`) only tests that need no Home Assistant run: seconds saved.
    if config.pluginmanager.hasplugin("homeassistant") and (_HOUSE / "__init__.py").exists():
        importlib.import_module("custom_components.mobilize_flex")
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)  # the plugin prints every statement


@pytest.fixture(autouse=True)
def _custom_integrations_in_hass(request: pytest.FixtureRequest) -> None:
    """Let a test's Home Assistant see this integration; leave tests without one alone."""
    if "hass" not in request.fixturenames:
        return
    if "recorder_mock" in request.fixturenames:  # has to be there before `hass` is
        request.getfixturevalue("recorder_mock")
    request.getfixturevalue("enable_custom_integrations")
    if "as_at_first" not in request.keywords:
        shown = importlib.import_module("custom_components.mobilize_flex.entity").FlexEntity
        request.getfixturevalue("monkeypatch").setattr(shown, "entity_registry_enabled_default", True)
