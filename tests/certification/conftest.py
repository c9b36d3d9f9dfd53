"""What every test of the laboratory gets."""

from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
import pytest

from .lab import Lab


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each Home Assistant a folder that nobody had before."""
    return hass_tmp_config_dir


@pytest.fixture(autouse=True)
def _custom(enable_custom_integrations: None, socket_enabled: None) -> None:
    """Let Home Assistant load the integration, and the integration listen."""


@pytest.fixture
async def lab(hass: HomeAssistant) -> AsyncIterator[Lab]:
    """Give a laboratory; the test opens it, and nothing may go wrong in it unseen."""
    laboratory = Lab(hass)
    yield laboratory
    troubles = laboratory.troubles()
    await laboratory.close()
    assert troubles == []
