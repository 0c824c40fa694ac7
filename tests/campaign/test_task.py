"""A task trained into a ledger: stopped, killed, started again on what is there, and the rows bit for bit the same."""

import ast
import dataclasses
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.errors import AdvisorError
from calibration.campaign.ledger import Ledger
from calibration.campaign.task import run_task
from calibration.training.run_key import TRAINING_VERSION, run_key
from calibration.training.schedule import PAPER, Recipe
from calibration.training.train import train_all
from tests.training.toy_training import PAIR, RUN, TOY_RECIPE, WILD, toy, toy_source, toy_task

pytestmark = pytest.mark.usefixtures("one_thread")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkpoint(tmp_path):
    return tmp_path / "toy.pt"


class Stopped(Exception):  # noqa: N818
    """Stands for whatever ends a process that can still clean up."""


def run(task, ledger, checkpoint, *, stop_at=0, **options):
    """Run a task, and stop it after ``stop_at`` steps; return the number of steps and the warnings."""
    steps, warnings = [], []

    def count(progress):
        steps.append(progress)
        if len(steps) == stop_at:
            raise Stopped

    try:
        run_task(task, ledger=ledger, checkpoint_path=checkpoint, on_step=count, warn=warnings.append, **options)
    except Stopped:
        assert len(steps) == stop_at
    return len(steps), warnings


def test_rows_say_what_was_trained(ledger, checkpoint):
    rows = []
    run(toy_task(), ledger, checkpoint, on_row=rows.append)
    expected = list(train_all(toy(PAIR)))
    assert [(row.seed, row.n_tokens, row.loss) for row in rows] == [
        (one.run.seed, one.n_tokens, one.loss) for _, one in expected
    ]
    assert ledger.rows() == tuple(sorted(rows, key=lambda row: row.key))
    plan = toy().plan
    first = rows[0]
    assert dataclasses.replace(first, hardware={}) == dataclasses.replace(
        first,
        key=run_key(data="d" * 32, shape=toy().shape, seed=0, plan=plan, branch=plan.branches[0], rate=0.02),
        source="toy",
        data="d" * 32,
        n_params=toy().shape.n_params,
        n_non_embedding=toy().shape.n_non_embedding,
        standard_error=expected[0][1].standard_error,
        train_loss=expected[0][1].train_loss,
        n_steps=10,
        few_steps=True,
        rate=0.02,
        halvings=0,
        recipe={
            **{"batches": [[0, 64], [1000, 128]], "cooldown": 0.2, "cosine": False, "rate": None, "max_warmup": 2},
            **{"width_rate": 0.256, "n_warmup": 2, "training_version": TRAINING_VERSION},
        },
        hardware={},
    )
    assert not checkpoint.exists()


def test_rows_say_how_fast_they_came(ledger, checkpoint):
    rows, spent = [], []

    def clock(progress):
        spent.append(progress.n_tokens)

    run_task(toy_task(), ledger=ledger, checkpoint_path=checkpoint, on_step=clock, on_row=rows.append)
    assert {(row.hardware["device"], row.hardware["n_stacked"]) for row in rows} == {("cpu", 2)}
    times = [(row.n_tokens, row.hardware["seconds"], row.hardware["tokens_per_second"]) for row in rows]
    assert [one[0] for one in times] == [640, 640, 1280, 1280, 2560, 2560]
    assert times[::2] == times[1::2]  # the models of a stack are measured together
    assert sum(spent) == 2 * toy().plan.n_tokens_trained
    assert sum(seconds * speed for _, seconds, speed in times[::2]) == pytest.approx(sum(spent), rel=0.2)


def test_what_is_there_is_not_trained_again(ledger, checkpoint):
    assert run(toy_task(), ledger, checkpoint)[0] == 32
    checkpoint.write_bytes(b"left over")
    before = ledger.path.read_bytes()
    assert run(toy_task(), ledger, checkpoint) == (0, [])
    assert ledger.path.read_bytes() == before
    assert not checkpoint.exists()


@pytest.mark.parametrize("missing", [640, 1280, 2560])
def test_only_missing_branches_are_trained(ledger, checkpoint, tmp_path, missing):
    run(toy_task(), ledger, checkpoint)
    part = Ledger(tmp_path / "part.jsonl")
    for row in ledger.rows():
        if row.n_tokens != missing or row.seed == 1:
            part.append(row)
    n_steps, warnings = run(toy_task(), part, checkpoint)
    assert (n_steps, warnings) == (next(b.n_steps for b in toy().plan.branches if b.n_tokens == missing), [])
    assert part.digest() == ledger.digest()


def test_a_halved_row_that_is_there_says_where_its_model_diverged(ledger, checkpoint, tmp_path):
    n_whole, _ = run(toy_task(WILD), ledger, checkpoint)
    part = Ledger(tmp_path / "part.jsonl")
    for row in ledger.rows():
        if not (row.seed == 0 and row.halvings and row.n_tokens == 2560):
            part.append(row)
    n_steps, _ = run(toy_task(WILD), part, checkpoint)
    assert n_steps == toy().plan.branches[-1].n_steps < n_whole / 3  # its last rate alone
    assert part.digest() == ledger.digest()


@pytest.mark.parametrize("every_seconds", [0, 120])
def test_a_stopped_task_goes_on_bit_for_bit(tmp_path, every_seconds):
    whole = Ledger(tmp_path / "whole.jsonl")
    n_whole, _ = run(toy_task(WILD), whole, tmp_path / "whole.pt")
    for stop_at in range(1, n_whole, 11):
        ledger, checkpoint = Ledger(tmp_path / f"{stop_at}.jsonl"), tmp_path / f"{stop_at}.pt"
        run(toy_task(WILD), ledger, checkpoint, stop_at=stop_at, every_seconds=every_seconds)
        n_steps, warnings = run(toy_task(WILD), ledger, checkpoint, every_seconds=every_seconds)
        # What is done twice: since the last branch point, or of a branch, the longest of which has 5 steps.
        assert n_whole <= stop_at + n_steps <= n_whole + (17 if every_seconds else 7)
        assert warnings == []
        assert ledger.digest() == whole.digest()
        assert not checkpoint.exists()


def test_a_task_stopped_again_and_again_ends_the_same(tmp_path, ledger, checkpoint):
    whole = Ledger(tmp_path / "whole.jsonl")
    run(toy_task(WILD), whole, checkpoint)
    for _ in range(100):
        if run(toy_task(WILD), ledger, checkpoint, stop_at=9, every_seconds=0)[0] < 9:
            break
    assert ledger.digest() == whole.digest()


def test_a_run_killed_at_any_moment_is_resumed_to_the_same_rows(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/campaign/killed_training.py"), str(tmp_path), "8"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["rarely"]["digest"] == found["often"]["digest"]
    kills = found["rarely"]["killed"] + found["often"]["killed"]
    assert len(kills) >= 18
    for kill in kills:
        assert (kill["signal"], kill["resumed"]) == (9, 0), kill
        assert kill["digest"] == found["rarely"]["digest"], kill
        assert kill["files"] == ["names.json", "runs.jsonl"], kill
    assert sum(kill["is_torn"] for kill in kills) >= 4
    assert any(".toy.pt.part" in kill["left"] for kill in kills)
    assert {"step", "after write"} < {kill["name"] for kill in kills}
    assert len({kill["n_rows"] for kill in kills}) >= 6  # of nine, and six of them come from the first stage
    for kind in found.values():
        steps = [kill["n_steps"] for kill in kind["killed"]]
        assert steps == sorted(steps, reverse=True)
        assert steps[-1] < 0.1 * kind["n_steps"]


def test_a_checkpoint_of_no_use_is_said_and_training_begins_again(tmp_path, ledger, checkpoint):
    whole = Ledger(tmp_path / "whole.jsonl")
    run(toy_task(), whole, checkpoint)
    run(toy_task(), ledger, checkpoint, stop_at=20)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1])
    _, warnings = run(toy_task(), ledger, checkpoint)
    assert warnings == [f"The checkpoint {checkpoint} is damaged and is not used: training begins this trunk again."]
    assert ledger.digest() == whole.digest()


def test_a_checkpoint_of_another_plan_is_never_used(ledger, checkpoint):
    run(toy_task(), ledger, checkpoint, stop_at=20)
    for other in (toy_task([RUN]), toy_task(counts=[640, 2560]), toy_task(PAIR[::-1])):
        fresh = Ledger(ledger.path.with_name("fresh.jsonl"))
        saved = checkpoint.read_bytes()
        n_steps, warnings = run(other, fresh, checkpoint)
        assert warnings == [
            f"The checkpoint {checkpoint} is of another plan or version and is not used: "
            "training begins this trunk again."
        ]
        assert n_steps >= 29
        fresh.path.unlink()
        checkpoint.write_bytes(saved)


def test_a_checkpoint_beyond_rows_that_are_gone_is_not_used(tmp_path, ledger, checkpoint):
    whole = Ledger(tmp_path / "whole.jsonl")
    run(toy_task(), whole, checkpoint)
    run(toy_task(), ledger, checkpoint, stop_at=26)
    assert len(ledger.rows()) == 4
    ledger.path.write_text("".join(ledger.path.read_text().splitlines(keepends=True)[1:]))
    n_steps, warnings = run(toy_task(), ledger, checkpoint)
    assert warnings == [
        f"Rows before the checkpoint {checkpoint} are missing: training begins this trunk again.",
    ]
    assert ledger.digest() == whole.digest()
    assert n_steps > 20


def test_a_full_disk_while_saving_stops_with_a_sentence_and_loses_nothing(tmp_path, ledger, checkpoint):
    whole = Ledger(tmp_path / "whole.jsonl")
    run(toy_task(), whole, checkpoint)
    run(toy_task(), ledger, checkpoint, stop_at=14)
    assert len(ledger.rows()) == 2
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(AdvisorError, match=r"^Cannot write the checkpoint .*: File too large; nothing before it"):
            run(toy_task(), ledger, checkpoint, every_seconds=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(ledger.rows()) == 2
    run(toy_task(), ledger, checkpoint)
    assert ledger.digest() == whole.digest()


def test_the_published_recipe_resumes_between_its_counts(tmp_path, ledger, checkpoint):
    task = toy_task([RUN], recipe=dataclasses.replace(PAPER, batches=((0, 64),)))
    whole = Ledger(tmp_path / "whole.jsonl")
    n_whole, _ = run(task, whole, checkpoint)
    run(task, ledger, checkpoint, stop_at=25)  # the first count has 10 steps, the second 20
    assert run(task, ledger, checkpoint) == (n_whole - 10, [])
    assert ledger.digest() == whole.digest()


def test_equal_models_of_a_stack_give_one_row(ledger, checkpoint):
    run(toy_task([RUN, RUN]), ledger, checkpoint)
    assert len(ledger.path.read_text().splitlines()) == 3


def test_a_task_is_identified_by_all_that_its_rows_are():
    tasks = [toy_task(), toy_task(PAIR[::-1]), toy_task([RUN]), toy_task(counts=[640])]
    tasks.append(toy_task(recipe=Recipe(batches=((0, 64),))))
    assert len({task.identity for task in tasks}) == 5
    assert toy_task().identity == toy_task(sources=[toy_source(), toy_source(seed=7)]).identity  # by digest alone
    assert dataclasses.replace(toy_task(), hardware={}).identity == toy_task().identity


# Losses of the toy stack and of a cosine, by this test itself with torch 2.13 on one CPU thread, at version 1.
GOLDEN_VERSION = 1
GOLDEN = (0.926549, 0.548326, 0.431428, 0.962096, 0.582581, 0.418746)


def test_the_training_version_is_that_of_the_losses():
    cosine = Recipe(batches=((0, 64),), cosine=True, cooldown=0.5, max_warmup=5)
    found = [one.loss for recipe in (TOY_RECIPE, cosine) for _, one in train_all(toy(recipe=recipe))]
    assert (TRAINING_VERSION, found) == (GOLDEN_VERSION, pytest.approx(GOLDEN, rel=1e-4)), (
        "Training gives other losses than before: raise TRAINING_VERSION in calibration/training/run_key.py, so that "
        "no ledger mixes the two, and put the new version and losses here."
    )


@pytest.mark.parametrize(
    "name", ["campaign/task", "training/checkpoints", "campaign/ledger", "campaign/lock", "lines/records"]
)
def test_tasks_need_numpy_and_torch_alone(name):
    tree = ast.parse((ROOT / f"calibration/{name}.py").read_text(encoding="utf-8"))
    imports = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imports |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    known = {"numpy", "torch", "calibration", "advisor"} | set(sys.stdlib_module_names)
    assert {each.split(".")[0] for each in imports} <= known


def test_a_task_imports_neither_scipy_nor_nltk():
    heavy = {"scipy", "nltk", "datasets", "pyarrow", "click"}
    script = f"import sys, calibration.campaign.task; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
