"""Which room may import which: the one place where the order is written down, and what a start-up may load."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A file of `advisor` itself, or a room, imports only what stands before it.
ADVISOR = (
    *("errors", "caution", "explanation", "quantities", "data_files", "untrusted", "json_fields", "json_form"),
    "results",
    *("corpus", "run_tables", "compressibility", "laws", "calibrations", "plan", "pilot", "answer", "report"),
    *("commands", "api"),
    *("cli", "__init__", "__main__"),
)
CALIBRATION = ("grammars", "fit", "training", "lines", "campaign", "__init__")
# What calibration may use of advisor: the law, its files, the measurement and the shape of a model.
SEAM = {
    *("errors", "data_files", "untrusted", "json_fields", "json_form", "quantities", "caution"),
    *("run_tables", "corpus", "compressibility", "laws", "calibrations", "plan", "results"),
}
# Where advisor reaches calibration, lazily: bodies of commands, and the public functions.
REACHING = ("advisor/commands/", "advisor/api/", "advisor/__init__.py")
# The one arrow that points up: str() of a result is the screen that the command prints, from inside a function.
UP = ("advisor/results/result.py", "advisor.api.first_screen")
HEAVY = {
    *(
        "numpy",
        "scipy",
        "torch",
        "datasets",
        "nltk",
        "pyarrow",
        "sentencepiece",
        "tokenizers",
        "matplotlib",
        "pandas",
        "ray",
    ),
}


def modules(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room(module: str) -> tuple[str, str]:
    """Return the package and the room of a module; of a package itself, its ``__init__``."""
    package, _, rest = module.partition(".")
    return package, rest.split(".")[0] or "__init__"


def own_room(path: Path) -> tuple[str, str]:
    return room(".".join(path.relative_to(ROOT).with_suffix("").parts))


def is_of_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def nodes_in(tree: ast.AST, *, functions: bool) -> set[int]:
    """Return the nodes inside functions, or inside ``if TYPE_CHECKING``."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    outer = [node for node in ast.walk(tree) if (isinstance(node, kinds) if functions else is_of_types(node))]
    return {id(inner) for node in outer for inner in ast.walk(node)}


def imports(path: Path) -> Iterator[tuple[str, bool, bool]]:
    """Yield (imported module, whether it runs at import time, whether it is for types alone) of a module's imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy, typed = nodes_in(tree, functions=True), nodes_in(tree, functions=False)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [each if is_module(each) else str(node.module) for each in inner]
        else:
            continue
        for module in found:
            yield module, id(node) not in lazy | typed, id(node) in typed


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def top(module: str) -> str:
    return module.split(".")[0]


def arrows() -> Iterator[tuple[Path, str, bool, bool]]:
    for path in modules("advisor", "calibration"):
        for module, at_import, typed in imports(path):
            if top(module) in ("advisor", "calibration") and room(module) != own_room(path):
                yield path, module, at_import, typed


def test_every_file_and_room_has_its_place_in_the_order():
    for package, order in (("advisor", ADVISOR), ("calibration", CALIBRATION)):
        inside = {path.stem for path in (ROOT / package).glob("*.py")}
        inside |= {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
        assert inside == set(order)
    assert len(list((ROOT / "advisor").glob("*.py"))) <= 10


def test_rooms_import_only_what_stands_before_them():
    wrong = []
    for path, module, _, _ in arrows():
        (package, own), (other, theirs) = own_room(path), room(module)
        order = ADVISOR if package == "advisor" else CALIBRATION
        if (name_of(path), module) != UP and package == other and order.index(theirs) > order.index(own):
            wrong.append(f"{name_of(path)} imports {module}")
    assert wrong == []


def test_calibration_imports_only_the_seam():
    found = {room(module)[1] for path, module, _, _ in arrows() if own_room(path)[0] == "calibration" > top(module)}
    assert found <= SEAM
    assert found >= {"laws", "calibrations"}


def test_advisor_reaches_calibration_only_lazily():
    wrong = []
    for path, module, at_import, typed in arrows():
        if own_room(path)[0] != "advisor" or top(module) != "calibration":
            continue
        shown = typed and name_of(path).startswith("advisor/report/")  # a report shows results without importing them
        if not shown and (at_import or not name_of(path).startswith(REACHING)):
            wrong.append(f"{name_of(path)} imports {module}")
    assert wrong == []


def test_only_the_command_line_knows_click_and_only_reports_know_rich_and_matplotlib():
    known = {
        "click": ("advisor/cli.py", "advisor/commands/"),
        "rich": ("advisor/report/", "advisor/terminal.py"),
        "matplotlib": ("advisor/report/",),
    }
    for path in modules("advisor", "calibration"):
        for module, _, _ in imports(path):
            places = known.get(top(module))
            assert places is None or name_of(path).startswith(places), f"{name_of(path)} imports {module}"


@pytest.mark.parametrize("path", modules("advisor"), ids=name_of)
def test_nothing_heavy_is_imported_at_module_level(path):
    heavy = sorted(module for module, at_import, _ in imports(path) if at_import and top(module) in HEAVY)
    assert heavy == [], f"{name_of(path)} imports {heavy}"


def test_no_two_public_classes_have_one_name():
    where: dict[str, list[str]] = {}
    for path in modules("advisor", "calibration"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                where.setdefault(node.name, []).append(name_of(path))
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


def test_rooms_hold_no_more_than_a_reader_can_take_in():
    sizes = Counter(name_of(path.parent) for path in modules("advisor", "calibration") if path.stem != "__init__")
    assert {folder: size for folder, size in sizes.items() if size > 19} == {}


@pytest.mark.parametrize(
    "arguments",
    [
        ["recommend", "--flops", "1e21", "--compressibility", ".45"],
        ["recommend", "--help"],
        ["compare", "--flops", "1e20", "--flops", "1e21"],
        ["laws"],
        ["evidence"],
        ["table"],
        ["repeat", "--unique-tokens", "25B"],
        ["recommend", "--flops", "1e22", "--unique-tokens", "25B"],
        ["recommend", "--params", "13B", "--inference-tokens", "2T"],
    ],
    ids=" ".join,
)
def test_a_start_loads_nothing_heavy(arguments):
    script = (
        "import sys, json; from advisor.cli import group; sys.stdout, out = open('/dev/null', 'w'), sys.stdout; "
        f"group.main({arguments!r}, standalone_mode=False); print(json.dumps(sorted(sys.modules)), file=out)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {top(module) for module in json.loads(done.stdout)}
    assert loaded & HEAVY == set()
    assert {"advisor", "click"} <= loaded


# What a request that does not ask for it must not wait for, and the request that does.
ASKED = {
    "advisor.answer.repetition.limited_data": ["--unique-tokens", "25B"],
    "advisor.answer.repetition.cautions": ["--unique-tokens", "25B"],
    "advisor.answer.inference": ["--inference-tokens", "2T"],
    "advisor.answer.repetition.advice": ["--advice"],
    "advisor.plan.cluster": ["--gpu", "H100"],
    "advisor.explanation": ["--explain"],
}


@pytest.mark.parametrize("module", ASKED)
def test_a_part_of_the_answer_is_imported_only_where_it_is_asked_for(module):
    script = (
        "import sys; from advisor.cli import group; sys.stdout, out = open('/dev/null', 'w'), sys.stdout; "
        "group.main(['recommend', '--flops', '1e21', *sys.argv[2:]], standalone_mode=False); "
        "print(sys.argv[1] in sys.modules, file=out)"
    )
    for asked in ([], ASKED[module]):
        run = [sys.executable, "-c", script, module, *asked]
        done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout == f"{bool(asked)}\n"


def test_the_public_names_are_imported_when_first_used():
    script = (
        "import sys, advisor; before = set(sys.modules); advisor.ScalingLaw; advisor.load_coefficients; "
        "advisor.recommend; advisor.Request; "
        "print('advisor.api.answers' in before, advisor.recommend.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False advisor.api.answers\n"


def test_a_name_that_is_not_public_is_said():
    import advisor

    with pytest.raises(
        AttributeError, match=r"^module 'advisor' has no attribute 'recomend': did you mean 'recommend'\?$"
    ):
        advisor.recomend  # noqa: B018
    assert all(getattr(advisor, name) is not None for name in advisor.__all__)
