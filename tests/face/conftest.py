"""What every test of the face gets: a configuration folder of its own, for a home keeps its memory there."""

import pytest


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each Home Assistant a folder that nobody had before."""
    return hass_tmp_config_dir
