"""The list of all codes of cautions and reasons: complete, and each with what it says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.caution import CODES, LAW_NOTES, LAW_WARNINGS, NOTES, WARNINGS, Caution, severity_of, warnings_first

ROOT = Path(__file__).parent.parent
# Calls that make a caution or a reason, and which of their arguments is the code where it is not a word of its own.
MAKERS = {"Caution": 0, "Reason": 0, "caution": 0, "_refuse": 0, "_graded": 0, "note_once": 1, "_with_caution": 1}
# Where they pass on a code that they were given.
PASSED_ON = {
    *("answer/comparison.py", "compressibility/profile_cautions.py", "compressibility/profile_file.py"),
    *(
        *("report/calibrate.py", "report/fit.py", "page/reading.py"),
        "corpus/column_notes.py",
        "corpus/tally.py",
        "campaign/refit.py",
        "fit/diagnostics.py",
        "fit/run_checks.py",
    ),
}


def texts(node: ast.AST, known: dict[str, set[str]]) -> set[str]:
    """Return the strings that an expression may be: a constant, the name of one, one of N or D, either of two."""
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.Name):
        return known.get(node.id, set())
    if isinstance(node, ast.IfExp):
        return texts(node.body, known) | texts(node.orelse, known)
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
        return {"".join(symbol if part is None else str(part) for part in parts) for symbol in ("n", "d")}
    return set()


def names_of(tree: ast.Module) -> dict[str, set[str]]:
    """Return what the names of a module stand for, where that is a string."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, set()).update(texts(node.value, {}))
    return found


def codes_of(path: Path) -> Iterator[str]:
    """Yield every code that a module gives a caution or a reason."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = names_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for each in code_in(node, MAKERS.get(name)):
                found = texts(each, known)
                if ast.unparse(each).endswith(".code"):  # of a reason, which is a caution on a screen
                    continue
                assert found or "/".join(path.parts[-2:]) in PASSED_ON, f"{path}, line {node.lineno}"
                yield from found
    if path.name == "profile_cautions.py":  # pairs of a code and a sentence
        pairs = [node.elts[0] for node in ast.walk(tree) if isinstance(node, ast.Tuple) and len(node.elts) == 2]
        yield from (pair.value for pair in pairs if isinstance(pair, ast.Constant))


def code_in(call: ast.Call, place: int | None) -> list[ast.expr]:
    """Return the code among the arguments of a call that makes a caution; none of another call."""
    if place is None:
        return []
    return [word.value for word in call.keywords if word.arg == "code"] or call.args[place : place + 1]


def test_every_code_of_the_source_is_in_the_list_and_none_besides():
    files = [path for room in ("advisor", "calibration") for path in sorted((ROOT / room).rglob("*.py"))]
    assert {code for path in files for code in codes_of(path)} == set(CODES)


def test_a_code_is_in_one_list_and_says_one_sentence():
    assert len(CODES) == len(WARNINGS) + len(NOTES) + len(LAW_WARNINGS) + len(LAW_NOTES)
    for code, said in CODES.items():
        assert (said[0].isupper(), said[-1], 10 < len(said) < 110) == (True, ".", True), code


@pytest.mark.parametrize(
    ("code", "severity"), [("epochs_above_40", "warning"), ("skipped", "note"), ("few-runs", "warning")]
)
def test_the_severity_of_a_code(code, severity):
    assert severity_of(code) == severity
    assert Caution(code=code, message="m").severity == severity


def test_warnings_come_first_and_by_weight():
    codes = ["skipped", "no_interval", "like_noise"]
    assert [each.code for each in warnings_first([Caution(code=code, message="") for code in codes])] == [
        *("like_noise", "no_interval", "skipped"),
    ]
