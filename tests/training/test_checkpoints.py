"""Checkpoints: whole, of this task, undamaged, or not used; and the one before is kept when writing fails."""

import hashlib
import resource

import pytest
import torch

from advisor.errors import AdvisorError
from calibration.training import checkpoints
from calibration.training.train import train_all
from tests.training.toy_training import PAIR, WILD, toy


def stage_after(n_steps, runs=PAIR):
    """The stage of toy training after so many steps on the trunk."""
    stages = []

    class Stop(Exception):  # noqa: N818
        pass

    def stop(progress):
        if progress.on_trunk:
            stages.append(progress.stage)
        if len(stages) == n_steps:
            raise Stop

    with pytest.raises(Stop):
        list(train_all(toy(runs), on_step=stop))
    return stages[-1]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "toy.pt"


def assert_same(found, stage):
    assert (found.places, found.since, found.runs) == (stage.places, stage.since, stage.runs)
    for name, value in vars(stage.state).items():
        other = getattr(found.state, name)
        assert torch.equal(other, value) if isinstance(value, torch.Tensor) else other == value, name


@pytest.mark.parametrize("n_steps", [1, 20, 60])
def test_a_stage_comes_back_bit_for_bit(path, n_steps):
    stage = stage_after(n_steps, WILD)
    checkpoints.save(path, stage, task="one")
    found, warning = checkpoints.load(path, task="one")
    assert warning is None
    assert_same(found, stage)
    assert (len(stage.places) < 3) == (n_steps == 60)
    assert [file.name for file in path.parent.iterdir()] == ["toy.pt"]


def test_no_file_is_no_stage_and_no_warning(path):
    assert checkpoints.load(path, task="one") == (None, None)


def test_a_checkpoint_of_another_task_is_not_used(path):
    checkpoints.save(path, stage_after(1), task="one")
    assert checkpoints.load(path, task="two") == (
        None,
        f"The checkpoint {path} is of another plan or version and is not used: training begins this trunk again.",
    )


def damaged(path):
    return None, f"The checkpoint {path} is damaged and is not used: training begins this trunk again."


def test_a_truncated_checkpoint_is_not_used(path):
    checkpoints.save(path, stage_after(1), task="one")
    whole = path.read_bytes()
    for n_bytes in [0, 1, 2, 4, 30, 100, *range(200, len(whole), len(whole) // 40), len(whole) - 1]:
        path.write_bytes(whole[:n_bytes])
        assert checkpoints.load(path, task="one") == damaged(path), n_bytes


def test_a_changed_byte_anywhere_is_noticed(path):
    checkpoints.save(path, stage_after(1), task="one")
    whole = path.read_bytes()
    for place in range(0, len(whole), 101):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x11]) + whole[place + 1 :])
        assert checkpoints.load(path, task="one") == damaged(path), place


def test_what_does_not_fit_its_digest_is_not_loaded(path, monkeypatch):
    checkpoints.save(path, stage_after(1), task="one")
    path.write_bytes(b"x" + path.read_bytes()[1:])
    monkeypatch.setattr(torch, "load", None)
    assert checkpoints.load(path, task="one") == damaged(path)


def with_digest(path):
    """Put behind a file of torch the digest that a checkpoint ends with."""
    path.write_bytes(path.read_bytes() + hashlib.sha256(path.read_bytes()).hexdigest().encode())


@pytest.mark.parametrize("content", [[1], {"task": "one"}, {"task": "one", "runs": [], "state": {}}, "text"])
def test_another_file_of_torch_is_not_used(path, content):
    torch.save(content, path)
    assert checkpoints.load(path, task="one") == damaged(path)
    with_digest(path)
    assert checkpoints.load(path, task="one") == damaged(path)


def test_nothing_is_unpickled_but_tensors_and_plain_values(path, tmp_path):
    class Writes:
        def __reduce__(self):
            return open, (str(tmp_path / "written"), "w")

    torch.save({"task": Writes()}, path)
    with_digest(path)
    assert checkpoints.load(path, task="one") == damaged(path)
    assert not (tmp_path / "written").exists()


def test_a_disk_that_is_full_keeps_the_checkpoint_before(path):
    stage = stage_after(1)
    checkpoints.save(path, stage, task="one")
    before, (soft, hard) = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (0, 10, 1000, len(before) // 2, len(before) - 1):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            with pytest.raises(AdvisorError) as error:
                checkpoints.save(path, stage_after(2), task="one")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert str(error.value) == (
            f"Cannot write the checkpoint {path}: File too large; nothing before it is lost: "
            "mend that and give the command again."
        )
        assert path.read_bytes() == before
        assert [file.name for file in path.parent.iterdir()] == ["toy.pt"]


def test_a_folder_that_is_gone_is_said(tmp_path):
    with pytest.raises(AdvisorError, match=r"none/toy\.pt: No such file or directory; nothing before it is lost"):
        checkpoints.save(tmp_path / "none" / "toy.pt", stage_after(1), task="one")


def test_what_a_killed_writer_left_is_cleaned_up(path):
    (path.parent / ".toy.pt.part").write_bytes(b"half")
    checkpoints.clean(path)
    assert list(path.parent.iterdir()) == []
    (path.parent / ".toy.pt.part").write_bytes(b"half")
    checkpoints.save(path, stage_after(1), task="one")
    checkpoints.remove(path)
    checkpoints.remove(path)
    assert list(path.parent.iterdir()) == []
