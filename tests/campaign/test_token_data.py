"""Token arrays on disk: the same back, named by their digest, whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.errors import AdvisorError
from calibration.campaign.token_data import DIGEST_DOCUMENTS, TokenData, cut_data, keep_data, read_data, write_data


def some(n_training=500, vocab=300, seed=0):
    rng = np.random.default_rng(seed)
    draw = lambda n: rng.integers(vocab, size=(n, 16), dtype=np.int32)  # noqa: E731
    validation = draw(130)
    return TokenData(training=draw(n_training), validation=validation)


@pytest.mark.parametrize(
    ("vocab", "dtype"), [(256, np.uint8), (257, np.uint16), (1 << 16, np.uint16), (100_000, np.int32)]
)
def test_arrays_come_back_in_the_smallest_type(tmp_path, vocab, dtype):
    data = some(vocab=vocab)
    data.training[0, 0] = vocab - 1
    data.validation[0, 0] = vocab - 1
    write_data(data, tmp_path / "data", "A1")
    found = read_data(tmp_path / "data", "A1")
    assert found is not None
    assert (found.training.dtype, found.validation.dtype) == (dtype, dtype)
    assert np.array_equal(found.training, data.training)
    assert np.array_equal(found.validation, data.validation)
    assert found.digest() == data.digest()
    names = sorted(path.name for path in (tmp_path / "data").iterdir())
    assert names == ["A1.sha256", "A1.training.npy", "A1.validation.npy"]


def test_the_digest_is_of_the_held_out_and_the_first_documents():
    data = some()
    assert some(n_training=2 * DIGEST_DOCUMENTS).digest() == some(n_training=3 * DIGEST_DOCUMENTS).digest()
    assert len(data.digest()) == 32
    for part, place in (("training", 0), ("training", DIGEST_DOCUMENTS - 1), ("validation", 129)):
        other = some()
        getattr(other, part)[place, 15] ^= 1
        assert other.digest() != data.digest()
    beyond = some()
    beyond.training[DIGEST_DOCUMENTS, 0] ^= 1
    assert beyond.digest() == data.digest()


def test_nothing_is_there_until_both_are(tmp_path):
    assert read_data(tmp_path, "A1") is None
    write_data(some(), tmp_path, "A1")
    (tmp_path / "A1.validation.npy").unlink()
    assert read_data(tmp_path, "A1") is None


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY not really", b"text"])
def test_a_damaged_file_is_as_if_it_were_not_there(tmp_path, damage):
    write_data(some(), tmp_path, "A1")
    (tmp_path / "A1.training.npy").write_bytes(damage)
    assert read_data(tmp_path, "A1") is None


def test_a_file_that_was_cut_short_is_as_if_it_were_not_there(tmp_path):
    write_data(some(), tmp_path, "A1")
    path = tmp_path / "A1.training.npy"
    path.write_bytes(path.read_bytes()[:-100])
    assert read_data(tmp_path, "A1") is None


@pytest.mark.parametrize("array", [np.array([{"a": 1}], dtype=object), np.ones((3, 16)), np.ones(16, dtype=np.int32)])
def test_arrays_of_something_else_are_not_taken(tmp_path, array):
    write_data(some(), tmp_path, "A1")
    np.save(tmp_path / "A1.training.npy", array, allow_pickle=True)
    assert read_data(tmp_path, "A1") is None


def test_more_documents_are_kept_and_other_ones_are_not(tmp_path):
    many, few = some(n_training=500), some(n_training=400)
    for data, n_documents in ((few, 400), (many, 500), (few, 500), (some(seed=1), 500)):
        keep_data(data, tmp_path, "A1")
        found = read_data(tmp_path, "A1")
        assert found is not None
        assert (len(found.training), found.digest()) == (n_documents, data.digest())


def test_what_a_killed_writer_left_is_written_over(tmp_path):
    (tmp_path / ".A1.training.npy.part").write_bytes(b"half")
    write_data(some(), tmp_path, "A1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A1.sha256", "A1.training.npy", "A1.validation.npy"]


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(AdvisorError) as caught:
        write_data(some(), tmp_path / "data", "A1")
    assert str(caught.value) == f"{tmp_path / 'data'} cannot be made: File exists; name another folder."


def test_ids_are_read_without_being_loaded(tmp_path):
    write_data(some(), tmp_path, "A1")
    found = read_data(tmp_path, "A1")
    assert found is not None
    assert isinstance(found.training, np.memmap)
    assert not found.training.flags.writeable


def test_a_byte_that_changes_anywhere_is_found_and_older_arrays_are_read(tmp_path):
    data = some(2 * DIGEST_DOCUMENTS)
    write_data(data, tmp_path, "A1")
    path = tmp_path / "A1.training.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))  # beyond what the digest of the data covers
    assert read_data(tmp_path, "A1") is None
    (tmp_path / "A1.sha256").unlink()
    assert read_data(tmp_path, "A1").digest() == data.digest()
    path.write_bytes(whole)
    keep_data(data, tmp_path, "A1")


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "outside").write_text("mine")
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("A1.training.npy", ".A1.training.npy.part"):
        (folder / name).symlink_to(tmp_path / "outside")
    write_data(some(), folder, "A1")
    assert (tmp_path / "outside").read_text() == "mine"
    assert not (folder / "A1.training.npy").is_symlink()


def test_what_is_not_trained_on_is_cut_off_and_the_data_are_the_same(tmp_path):
    data = some(n_training=500)
    for n_tokens, left in ((16 * 450 + 1, 451), (16, DIGEST_DOCUMENTS), (16 * 500, DIGEST_DOCUMENTS)):
        cut_data(tmp_path, "A1", n_tokens=n_tokens)  # none is there at first
        if read_data(tmp_path, "A1") is None:
            write_data(data, tmp_path, "A1")
            cut_data(tmp_path, "A1", n_tokens=n_tokens)
        found = read_data(tmp_path, "A1")
        assert np.array_equal(found.training, data.training[:left])
        assert np.array_equal(found.validation, data.validation)
        assert found.digest() == data.digest()
    keep_data(data, tmp_path, "A1")
    assert len(read_data(tmp_path, "A1").training) == 500
