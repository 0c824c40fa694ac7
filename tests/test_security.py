"""What SECURITY.md promises: nothing that is read is unpickled or run, and only who must speaks over a network."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import AdvisorError
from tests.corpus.reading import contents

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(path for package in ("advisor", "calibration") for path in (ROOT / package).rglob("*.py"))
# What runs what it is given, or makes objects of any kind of it.
NEVER = {
    *("eval", "exec", "compile", "__import__", "execfile", "os.system", "os.popen", "runpy.run_path", "code.interact"),
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.load", "marshal.loads", "shelve.open"),
    *(
        "yaml.load",
        "yaml.unsafe_load",
        "yaml.full_load",
        "joblib.load",
        "dill.load",
        "dill.loads",
        "pandas.read_pickle",
    ),
    *("cloudpickle.load", "cloudpickle.loads", "torch.hub.load", "torch.jit.load", "tarfile.extractall"),
}
# What may be called only with a word that makes it safe.
ONLY_WITH = {
    "torch.load": ("weights_only", True),
    "np.load": ("allow_pickle", False),
    "np.save": ("allow_pickle", False),
}
# Who speaks over a network; of the modules of a socket only the pair between a process and its child is made.
CLUSTER = "calibration/campaign/cluster/"  # whose processes Ray lets speak, and unpickles what they say
NETWORK = {"requests", "urllib.request", "http", "httpx", "aiohttp", "huggingface_hub", "datasets", "fsspec", "ftplib"}
SPEAKING = ("advisor/corpus/hub/", "advisor/corpus/remote/", "advisor/corpus/tokenizer.py", f"{CLUSTER}storage.py")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def given(call: ast.Call) -> dict[str | None, object]:
    return {each.arg: each.value.value for each in call.keywords if isinstance(each.value, ast.Constant)}


def test_nothing_is_evaluated_or_unpickled():
    wrong = {(name_of(path), name) for path in FILES for name, _ in calls(path) if name in NEVER}
    assert {each for each in wrong if each[1] != "pickle.loads" or not each[0].startswith(CLUSTER)} == set()


def test_what_can_unpickle_is_told_not_to():
    found = dict.fromkeys(ONLY_WITH, 0)
    for path in FILES:
        for name, call in calls(path):
            if name in ONLY_WITH:
                word, value = ONLY_WITH[name]
                assert given(call).get(word) is value, f"{name_of(path)}: {ast.unparse(call)}"
                found[name] += 1
    assert min(found.values()) >= 1


def test_no_shell_and_no_code_of_data_sets():
    for path in FILES:
        for name, call in calls(path):
            words = given(call)
            assert not words.get("shell"), f"{name_of(path)}: {name}"
            assert "trust_remote_code" not in {each.arg for each in call.keywords}, f"{name_of(path)}: {name}"


def test_only_the_readers_of_remote_sources_use_a_network():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            found = [each for each in modules if each in NETWORK or each.split(".")[0] in NETWORK - {"urllib.request"}]
            assert not found or name_of(path).startswith(SPEAKING), f"{name_of(path)} imports {found}"


def test_sockets_are_pairs_of_a_process_and_its_child():
    made = [f"{name_of(path)}: {name}" for path in FILES for name, _ in calls(path) if name.startswith("socket.")]
    assert [each for each in made if not each.endswith(("socket.socketpair", "socket.gethostname"))] == [
        "advisor/untrusted/serve.py: socket.socket"
    ]


class Payload:
    """What writes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.write_text, (self.path, "unpickled")


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace"
    pickle.loads(pickle.dumps(Payload(path)))
    assert path.read_text() == "unpickled"  # it would be seen
    path.unlink()
    return path


def test_arrays_with_a_payload_are_refused(tmp_path: Path, trace: Path):
    array = np.array([Payload(trace)], dtype=object)
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    np.savez(tmp_path / "b.npz", input_ids=array)
    (tmp_path / "c.pkl").write_bytes(pickle.dumps(Payload(trace)))
    for name in ("a.npy", "b.npz", "c.pkl"):
        with pytest.raises(AdvisorError):
            contents(tmp_path / name)
    assert not trace.exists()


def test_a_checkpoint_with_a_payload_is_not_used(tmp_path: Path, trace: Path):
    import torch

    from calibration.training import checkpoints

    path = tmp_path / "trunk.pt"
    torch.save({"task": "one", "digest": Payload(trace)}, path)
    found, warning = checkpoints.load(path, task="one")
    assert found is None
    assert warning == f"The checkpoint {path} is damaged and is not used: training begins this trunk again."
    assert not trace.exists()


def test_a_card_with_a_payload_is_refused(tmp_path: Path, trace: Path):
    (tmp_path / "README.md").write_text(f"---\nconfigs: !!python/object/apply:os.mkdir [{trace}]\n---\n")
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(AdvisorError, match=r"cannot be read as YAML: could not determine a constructor"):
        contents(tmp_path)
    assert not trace.exists()
