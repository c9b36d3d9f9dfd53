"""The rules of the house that no linter holds: sizes, boundaries, languages, independence."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "custom_components" / "mobilize_flex"
CORE = HOUSE / "core"
MODULES = sorted(
    [*HOUSE.rglob("*.py"), *(p for name in ("simulator", "demo", "worth") for p in (ROOT / name).rglob("*.py"))]
)

LINES_A_MODULE = 400
LINES_A_FUNCTION = 40
# Files that are one flat list of descriptions may be longer.
LISTS = {"sensor.py", "binary_sensor.py", "number.py", "select.py", "switch.py", "button.py"}
LINES_A_LIST = 600

# Who may catch everything: each keeps one failure from taking the others down, and records it.
CATCH_ALL = {HOUSE / "shell" / f"{name}.py" for name in ("runtime", "station_server", "vendor_link")}
CATCH_ALL |= {HOUSE / "sun_source.py"}  # asks other integrations, which may raise anything

LANGUAGES = ("en", "fr")

# Split, so that this file does not contain what it forbids.
REGISTRIES = re.compile("|".join(("pypi" + r"\.org", "pythonhos" + r"ted\.org", "npmjs" + r"\.", "deb" + r"\.debian")))
HOME_PATHS = re.compile(r"(?<![\w.$}~/-])/(?:home|root|Users|work)" + r"/[\w.-]")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _nodes[Node: ast.AST](path: Path, *kinds: type[Node]) -> Iterator[Node]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds))


def test_there_is_a_house_to_look_at() -> None:
    assert CORE.is_dir()
    assert MODULES


def test_no_module_is_too_long() -> None:
    def limit(path: Path) -> int:
        return LINES_A_LIST if path.parent == HOUSE and path.name in LISTS else LINES_A_MODULE

    sizes = {path: len(path.read_text().splitlines()) for path in MODULES}
    assert [f"{_name(path)}: {size} lines" for path, size in sizes.items() if size > limit(path)] == []


def test_no_function_is_too_long() -> None:
    assert [
        f"{_name(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in _nodes(path, ast.FunctionDef, ast.AsyncFunctionDef)
        if (node.end_lineno or 0) - node.lineno >= LINES_A_FUNCTION
    ] == []


def test_only_the_named_boundaries_catch_everything() -> None:
    def catches_all(handler: ast.ExceptHandler) -> bool:
        caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        return any(kind is None or ast.unparse(kind) in ("Exception", "BaseException") for kind in caught)

    assert [
        f"{_name(path)}:{handler.lineno}"
        for path in MODULES
        if path not in CATCH_ALL
        for handler in _nodes(path, ast.ExceptHandler)
        if catches_all(handler)
    ] == []


def test_the_core_loads_where_there_is_no_home_assistant() -> None:
    # Under another name, so that not even an absolute import of itself goes unnoticed.
    script = """
import importlib, importlib.util, pkgutil, sys
for absent in ("homeassistant", "aiohttp", "custom_components"):
    sys.modules[absent] = None
spec = importlib.util.spec_from_file_location("elsewhere", sys.argv[1], submodule_search_locations=[sys.argv[2]])
sys.modules["elsewhere"] = core = importlib.util.module_from_spec(spec)
spec.loader.exec_module(core)
def stop(name): raise
for module in pkgutil.walk_packages(core.__path__, "elsewhere.", onerror=stop):
    print(importlib.import_module(module.name).__name__)
"""
    run = subprocess.run(
        [sys.executable, "-P", "-c", script, CORE / "__init__.py", CORE], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.split()) == len(list(CORE.rglob("*.py"))) - 1, "a folder of the core lacks its __init__.py"


def _sentences(tree: dict[str, object], path: str = "") -> dict[str, str]:
    """Flatten a translation file into dotted keys and their texts."""
    flat: dict[str, str] = {}
    for key, value in tree.items():
        flat |= _sentences(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": str(value)}
    return flat


@pytest.fixture(scope="module")
def languages() -> dict[str, dict[str, str]]:
    files = {name: HOUSE / "translations" / f"{name}.json" for name in LANGUAGES}
    if not (HOUSE / "manifest.json").exists() and not any(path.exists() for path in files.values()):
        pytest.skip("the face is not built yet")
    return {name: _sentences(json.loads(path.read_text())) for name, path in files.items()}


def test_every_language_says_everything(languages: dict[str, dict[str, str]]) -> None:
    english = languages["en"]
    for name, texts in languages.items():
        assert texts, name
        assert texts.keys() == english.keys(), name
        assert [key for key, text in texts.items() if not text.strip()] == [], name


def test_every_language_has_the_same_placeholders(languages: dict[str, dict[str, str]]) -> None:
    def blanks(text: str) -> list[str]:
        return sorted(set(re.findall(r"\{(\w+)\}", text)))

    for name, texts in languages.items():
        differing = [key for key, text in languages["en"].items() if blanks(text) != blanks(texts.get(key, ""))]
        assert differing == [], name


def test_nothing_in_the_tree_names_a_registry_or_somebodys_folder() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listing.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listing.stdout.split("\0") if name]
    assert files
    found = []
    for path in filter(Path.is_file, files):
        text = path.read_bytes().decode("utf-8", "ignore")
        found += [f"{_name(path)}: {hit.group()}" for rule in (REGISTRIES, HOME_PATHS) for hit in rule.finditer(text)]
    assert found == []
    assert "uv.lock" not in {path.name for path in files}
