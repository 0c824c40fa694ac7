"""Which module may import which: the seam between the two packages, and what a start-up may load."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# What calibration may use of advisor (docs: the seam is the law, its files and the measurement).
SEAM = {
    *("scaling_law", "published_laws", "budget", "law_file", "coefficients", "data_dependence", "json_fields"),
    *(
        "protocol",
        "compressibility",
        "corpus",
        "tokenizer",
        "data_files",
        "errors",
        "documents",
        "sampling",
        "sequences",
        "transfer",
    ),
}
# The commands that calibrate; only their functions' bodies may import calibration.
CALIBRATING = {
    "advisor/commands/calibrate.py",
    "advisor/commands/calibration_request.py",
    "advisor/commands/fit.py",
    "advisor/commands/grammar.py",
}
PLOTS = {"advisor/plots.py", "advisor/calibration_plots.py"}
HEAVY = {
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
}


def modules(package):
    return sorted((ROOT / package).rglob("*.py"))


def imports(path):
    """Yield (imported name, whether it runs at import time) for each import of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or _only_for_types(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) not in lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield node.module, id(node) not in lazy
            yield from ((f"{node.module}.{alias.name}", id(node) not in lazy) for alias in node.names)


def _only_for_types(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def type_imports(path):
    """Return the modules that a report names in types alone: it shows their results without importing them."""
    if not name_of(path).startswith("advisor/report/") and name_of(path) not in PLOTS:
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    blocks = [node for node in ast.walk(tree) if _only_for_types(node)]
    inside = {inner for block in blocks for inner in ast.walk(block) if isinstance(inner, ast.ImportFrom)}
    outside = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node not in inside}
    typed = {name for node in inside for name in (node.module, *(f"{node.module}.{a.name}" for a in node.names))}
    return typed - outside


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def top(module):
    return module.split(".")[0]


@pytest.mark.parametrize("path", modules("advisor"), ids=name_of)
def test_advisor_imports_calibration_only_where_it_calibrates(path):
    for module, at_import in imports(path):
        if top(module) == "calibration" and module not in type_imports(path):
            assert name_of(path) in CALIBRATING, f"{name_of(path)} imports {module}"
            assert not at_import, f"{name_of(path)} imports {module} outside a function"


@pytest.mark.parametrize("path", modules("calibration"), ids=name_of)
def test_calibration_imports_only_the_seam(path):
    for module, _ in imports(path):
        if top(module) == "advisor":
            assert module == "advisor" or module.split(".")[1] in SEAM, f"{name_of(path)} imports {module}"


@pytest.mark.parametrize("path", modules("advisor"), ids=name_of)
def test_only_the_command_line_knows_click_and_only_reports_know_rich_and_matplotlib(path):
    name = name_of(path)
    for module, _ in imports(path):
        if top(module) == "click":
            assert name == "advisor/cli.py" or name.startswith("advisor/commands/"), f"{name} imports click"
        if top(module) == "rich":
            assert name.startswith("advisor/report/"), f"{name} imports {module}"
        if top(module) == "matplotlib":
            assert name.startswith("advisor/report/") or name in PLOTS, f"{name} imports {module}"


@pytest.mark.parametrize("path", modules("advisor"), ids=name_of)
def test_nothing_heavy_is_imported_at_module_level(path):
    heavy = sorted(module for module, at_import in imports(path) if at_import and top(module) in HEAVY)
    assert heavy == [], f"{name_of(path)} imports {heavy}"


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
    "advisor.limited_data": ["--unique-tokens", "25B"],
    "advisor.repetition_cautions": ["--unique-tokens", "25B"],
    "advisor.inference": ["--inference-tokens", "2T"],
    "advisor.advice": ["--advice"],
    "advisor.cluster": ["--gpu", "H100"],
    "advisor.explain.lines": ["--explain"],
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
        "advisor.recommend; advisor.Request; print('advisor.recommendation' in before, advisor.recommend.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False advisor.recommendation\n"


def test_a_name_that_is_not_public_is_said():
    import advisor

    with pytest.raises(AttributeError, match=r"^module 'advisor' has no attribute 'recomend'$"):
        advisor.recomend  # noqa: B018
    assert all(getattr(advisor, name) is not None for name in advisor.__all__)
