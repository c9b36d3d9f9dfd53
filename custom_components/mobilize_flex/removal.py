"""What goes when a home is removed: its memory, and the diaries of its stations."""

from pathlib import Path

from homeassistant.core import HomeAssistant

from .shell.uploads import remove_logs
from .store import log_folder, store_path


async def async_remove_store(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the memory of a home that was removed, and the diaries with it."""
    await hass.async_add_executor_job(remove_logs, log_folder(hass, entry_id))
    await hass.async_add_executor_job(_remove, store_path(hass, entry_id))


def _remove(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink(missing_ok=True)
    if path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()
