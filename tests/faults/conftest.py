"""What every test of a fault gets."""

from collections.abc import AsyncIterator

import pytest

from tests.certification.lab import Lab


@pytest.fixture
async def lab(request: pytest.FixtureRequest) -> AsyncIterator[Lab]:
    """Give a laboratory; the test opens it."""
    for needed in ("enable_custom_integrations", "socket_enabled"):
        request.getfixturevalue(needed)
    hass = request.getfixturevalue("hass")
    laboratory = Lab(hass)
    yield laboratory
    if hass.config_entries.async_get_entry(laboratory.entry.entry_id) is None:
        await laboratory._stack.aclose()
    else:
        await laboratory.close()


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each Home Assistant a folder that nobody had before."""
    return hass_tmp_config_dir
