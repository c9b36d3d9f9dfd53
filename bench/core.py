"""The thinking part on its own: the core's rooms without Home Assistant, which the whole integration would load."""

import importlib
import importlib.util
from pathlib import Path
import sys
from types import ModuleType

CORE = Path(__file__).parents[1] / "custom_components" / "mobilize_flex" / "core"
NAME = "mobilize_flex_core"


def room(name: str) -> ModuleType:
    """Return a module of the core by its dotted name, such as ``meters.tic``."""
    if NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            NAME, CORE / "__init__.py", submodule_search_locations=[str(CORE)]
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules[NAME] = core = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(core)
    return importlib.import_module(f"{NAME}.{name}")
