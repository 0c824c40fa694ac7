"""One model on two ranks, real processes: losses, gradient, memory and checkpoints are those of one process."""

import pickle
import re
import shutil
import time

import pytest
import torch

from advisor.errors import AdvisorError, DeviceMemoryError, UsageError
from calibration.training import checkpoints
from calibration.training.estimate import state_bytes
from calibration.training.execution import Execution
from calibration.training.model import document_losses, initial_parts, initial_weights
from calibration.training.ranks import ALONE, Ranks, agreed, found, gathered, run
from calibration.training.shape import model_shape, parts
from calibration.training.train import train, train_all
from tests.training.rank_runs import COUNTS, RUN, SHAPES, UNEVEN, WAYS, WILD, dies, runs_out, session, stage_of
from tests.training.toy_training import TOY, toy

TASK = "toy"


def alone(execution=WAYS[0], run=RUN):
    return toy((run,), COUNTS, recipe=UNEVEN, execution=execution)


def damage(folder, name):
    """Change a byte in the middle of a file of the checkpoint."""
    (path,) = folder.glob(f"*/{name}")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a checkpoint of one process, and what two ranks save there."""
    folder = tmp_path_factory.mktemp("ranks")
    checkpoints.save(folder / "one.pt", stage_of(alone()), task=TASK)
    (folder / "damaged.pt").write_bytes(b"nothing")
    return folder


@pytest.fixture(scope="module")
def two(folder):
    """What two ranks came to."""
    told = []
    run(session, folder, n_ranks=2, device="cpu", hear=told.append)
    return dict(told)


def losses(rows):
    return [(found.n_tokens, found.n_steps, found.loss, found.train_loss) for found in rows]


def assert_close(rows, expected, relative):
    assert len(rows) == len(expected) == len(COUNTS)
    for row, other in zip(losses(rows), losses(expected), strict=True):
        assert row[:2] == other[:2]
        assert row[2:] == pytest.approx(other[2:], rel=relative)


@pytest.mark.parametrize(("execution", "relative"), list(zip(WAYS, (1e-5, 1e-5, 0.02), strict=True)), ids=str)
def test_two_ranks_come_to_the_losses_of_one_process(two, execution, relative):
    rows = [found for row in two[str(execution)] for found in row]
    assert_close(rows, [found for row in train(alone(execution)) for found in row], relative)


def test_what_diverges_is_trained_again_at_half_the_rate_on_two_ranks_too(two):
    expected = list(train_all(alone(run=WILD)))
    assert [found.run for _, found in two["wild"]] == [found.run for _, found in expected]
    assert max(found.run.halvings for _, found in expected) > 0


def test_two_ranks_begin_with_the_weights_of_one_bit_for_bit(two):
    assert two["initial"] is True


def test_the_gradient_is_clipped_by_the_norm_over_all_ranks(two):
    weights = torch.randn((1, TOY.n_params), generator=torch.Generator().manual_seed(0)).requires_grad_()
    document_losses(TOY, weights, toy().sources[0].documents[None, :3]).mean().backward()
    norm = weights.grad.norm()
    assert norm > 1.5  # else nothing is clipped
    torch.testing.assert_close(two["gradient"], 0.1 * weights.grad[0] / norm, rtol=1e-4, atol=1e-7)


def test_the_peak_of_a_rank_is_what_is_said(two):
    for shape, peak in zip(SHAPES, two["peaks"], strict=True):
        assert peak <= state_bytes(shape, Execution(n_ranks=2)) < 1.06 * peak


def test_two_ranks_go_on_bit_for_bit(two):
    warning, rows = two["two"]
    whole = [found for row in two[str(WAYS[0])] for found in row]
    assert warning is None
    assert losses(rows) == losses(whole[1:])


def test_two_ranks_go_on_from_what_one_process_saved(two):
    warning, rows = two["one"]
    assert warning is None
    assert_close([found for row in two[str(WAYS[0])] for found in row][: -len(rows)] + rows, going_on(None), 1e-5)


def going_on(stage):
    return [found for _, found in train_all(alone(), stage=stage)]


def test_one_process_goes_on_from_what_two_ranks_saved(two, folder):
    stage, warning = checkpoints.load(folder / "two.pt", task=TASK, shape=TOY)
    own = stage_of(alone())
    assert warning is None
    assert (stage.places, stage.since, stage.runs) == (own.places, own.since, own.runs)
    assert (stage.state.n_steps, stage.state.n_documents) == (own.state.n_steps, own.state.n_documents)
    for name in ("weights", "first", "second"):
        torch.testing.assert_close(getattr(stage.state, name), getattr(own.state, name), rtol=1e-3, atol=2e-5)
    rows = going_on(stage)
    assert_close(going_on(None)[: -len(rows)] + rows, going_on(None), 1e-5)
    assert sorted(path.name for path in (folder / "two.ranks").iterdir()) == ["000000001"]


def said(path, what="damaged"):
    return None, f"The checkpoint {path} is {what} and is not used: training begins this trunk again."


def test_a_damaged_file_is_no_use_to_any_rank(two, folder):
    assert two["damaged"] == said(folder / "damaged.pt")


@pytest.mark.parametrize("name", ["__1_0.distcp", ".metadata", "stage.pt"])
def test_a_changed_byte_in_any_file_of_two_ranks_is_noticed(two, folder, tmp_path, name):
    shutil.copytree(folder / "two.ranks", tmp_path / "two.ranks")
    damage(tmp_path / "two.ranks", name)
    assert checkpoints.load(tmp_path / "two.pt", task=TASK, shape=TOY) == said(tmp_path / "two.ranks")


def test_the_folder_of_another_task_is_not_used_and_a_missing_file_is_damage(two, folder, tmp_path):
    place = tmp_path / "two.ranks"
    shutil.copytree(folder / "two.ranks", place)
    assert checkpoints.load(tmp_path / "two.pt", task="other", shape=TOY) == said(place, "of another plan or version")
    (place / "000000001/__0_0.distcp").unlink()
    assert checkpoints.load(tmp_path / "two.pt", task=TASK, shape=TOY) == said(place)


def test_what_one_process_saves_takes_the_place_of_the_folder_and_all_can_be_removed(two, folder, tmp_path):
    shutil.copytree(folder / "two.ranks", tmp_path / "two.ranks")
    checkpoints.save(tmp_path / "two.pt", stage_of(alone()), task=TASK)
    assert [path.name for path in tmp_path.iterdir()] == ["two.pt"]
    shutil.copytree(folder / "two.ranks", tmp_path / "other.ranks")
    checkpoints.remove_all(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_the_metadata_is_unpickled_but_its_own_classes(two, folder, tmp_path):
    from calibration.training.sharded_checkpoints import _Unpickler

    class Writes:
        def __reduce__(self):
            return open, (str(tmp_path / "written"), "w")

    (tmp_path / "pickle").write_bytes(pickle.dumps(Writes()))
    with (
        (tmp_path / "pickle").open("rb") as file,
        pytest.raises(AdvisorError, match=r"^The metadata has a io\.open, which no checkpoint has\.$"),
    ):
        _Unpickler(file).load()
    assert not (tmp_path / "written").exists()


def test_a_rank_that_dies_ends_the_others_and_is_named():
    begun = []
    with pytest.raises(AdvisorError) as raised:
        run(dies, 3, n_ranks=2, device="cpu", hear=lambda told: begun.append(time.monotonic()))
    assert time.monotonic() - begun[-1] < 30
    assert str(raised.value) == (
        "Rank 1 (of 0 to 1) was ended from outside (exit code -9), perhaps for want of memory, and the others with "
        "it: what was finished is kept; give the command again."
    )


def test_memory_that_one_rank_lacks_is_said_as_its_own():
    with pytest.raises(DeviceMemoryError, match=r"^It does not fit\.$"):
        run(runs_out, None, n_ranks=2, device="cpu", hear=lambda told: None)


@pytest.mark.parametrize("width", [2, 6, 16])
def test_parts_are_the_columns_and_drawn_part_by_part_they_are_the_initial_weights(width):
    shape = model_shape(width=width, n_layers=3, n_heads=1, vocab_size=7)
    drawn = list(initial_parts(shape, 5))
    assert [(name, tuple(part.shape)) for name, part in drawn] == list(parts(shape))
    assert torch.equal(torch.cat([part.flatten() for _, part in drawn]), initial_weights(shape, [5])[0])


def test_a_shape_of_24_gb_takes_less_on_each_of_more_ranks():
    shape = model_shape(width=2048, n_layers=16, n_heads=32, vocab_size=2000)
    taken = [state_bytes(shape, Execution(n_ranks=n)) / 1e9 for n in (1, 2, 4, 8)]
    assert taken == pytest.approx([24.5, 11.6, 6.2, 3.5], abs=0.1)


TORCHRUN = {"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}
SRUN = {"SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "8", "SLURM_LOCALID": "1", "SLURM_JOB_ID": "71234"}


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({}, ALONE),
        ({**TORCHRUN, "WORLD_SIZE": "1", "RANK": "0", "LOCAL_RANK": "0"}, ALONE),
        (TORCHRUN, Ranks(number=3, n=8, local=1)),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_LOCALID": "0"}, ALONE),  # a batch script, not a step
        (
            {**SRUN, "SLURM_STEP_NODELIST": "gpu[01-04,07],login"},
            Ranks(number=3, n=8, local=1, meet="tcp://gpu01:30634"),
        ),
        ({**SRUN, "SLURM_STEP_NODELIST": "a,b"}, Ranks(number=3, n=8, local=1, meet="tcp://a:30634")),
        ({**SRUN, "MASTER_ADDR": "b", "MASTER_PORT": "1"}, Ranks(number=3, n=8, local=1, meet="tcp://b:1")),
    ],
)
def test_the_ranks_that_torchrun_or_srun_began_are_found(environment, place):
    assert found(environment) == place


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"RANK": "x"},
            "RANK=x, WORLD_SIZE=8, LOCAL_RANK=1 are no numbers: start every process with torchrun or srun.",
        ),
        (
            {"RANK": "8"},
            "RANK=8, WORLD_SIZE=8, LOCAL_RANK=1 is no place among 8: start every process with torchrun or srun.",
        ),
    ],
)
def test_a_place_that_is_none_is_said(changes, message):
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        found({**TORCHRUN, **changes})


def test_one_process_alone_agrees_with_itself():
    assert agreed(ALONE, 3) == 3
    assert gathered(ALONE, 3) == [3]
