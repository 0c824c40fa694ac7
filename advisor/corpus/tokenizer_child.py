"""A tokenizer that a user names, in a process of its own: its file may hang, fill the memory or end what reads it.

A tokenizer.json is a program: regular expressions that backtrack, replacements that multiply a text. A model of
SentencePiece is parsed by C++.
"""

from __future__ import annotations

import array
import os
import weakref
from typing import TYPE_CHECKING, Any

from advisor.errors import TokenizerError
from advisor.untrusted.child import Child, ChildDiedError, ChildLateError
from advisor.untrusted.reading import parsing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import IO

_LARGEST = 128 << 20  # bytes of a file: Gemma's tokenizer.json has 33 MB
_MOST_BYTES = 2 << 30  # of memory: Gemma's takes some 400 MB
_TO_LOAD, _AT_LEAST, _CHARS_A_SECOND = 300.0, 60.0, 10_000  # seconds; the slowest do 100,000 characters in one
_ENDS = ("<|endoftext|>", "</s>", "<|end_of_text|>", "<eos>")


class ContainedTokenizer:
    """A tokenizer in a child process; a forked process gets a child of its own."""

    def __init__(self, path: Path, kind: str) -> None:
        self.path, self.kind = path, kind
        self._start()

    def _start(self) -> None:
        size = self.path.stat().st_size
        if size > _LARGEST:
            raise TokenizerError(f"{self.path} has {size >> 20:,} MB, and a tokenizer at most {_LARGEST >> 20}.")
        self._child, self._process = Child(__name__, most_bytes=_MOST_BYTES), os.getpid()
        weakref.finalize(self, _close, self._child, self._process)
        with self.path.open("rb") as file:
            told, _ = self._call("load", {"kind": self.kind, "place": str(self.path)}, _TO_LOAD, [(file, size)])
        self.vocab_size: int = told["vocab_size"]
        self.separator: int = told["separator"]

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text."""
        _, blob = self._asked("encode", {"text": text}, _AT_LEAST + len(text) / _CHARS_A_SECOND)
        return array.array("i", bytes(blob)).tolist()

    def decode(self, ids: list[int]) -> str:
        """Return the text of ids."""
        told, _ = self._asked("decode", {"ids": ids}, _AT_LEAST + len(ids) / _CHARS_A_SECOND)
        text: str = told["text"]
        return text

    def _asked(self, function: str, request: Mapping[str, Any], seconds: float) -> tuple[dict[str, Any], bytearray]:
        if self._process != os.getpid() or not self._child.is_alive:
            self._start()
        return self._call(function, request, seconds)

    def _call(
        self, function: str, request: Mapping[str, Any], seconds: float, files: Sequence[tuple[IO[bytes], int]] = ()
    ) -> tuple[dict[str, Any], bytearray]:
        try:
            return self._child.call(function, request, files, seconds=seconds)
        except ChildLateError as error:
            raise TokenizerError(f"The tokenizer {self.path} {error} for one text: is it meant for use?") from error
        except ChildDiedError as error:
            raise TokenizerError(
                f"The tokenizer {self.path} ended the process that ran it ({error}): it is damaged, or asks for more "
                f"than {_MOST_BYTES >> 20:,} MB of memory."
            ) from error


def _close(child: Child, process: int) -> None:
    """End a child, if this is the process that asks it and not one forked from that."""
    if process == os.getpid():
        child.close()


_loaded: dict[str, Any] = {}  # in the child: its one tokenizer, the place for messages, and what its kind is called


def load(request: Mapping[str, Any], files: Sequence[Any]) -> tuple[dict[str, Any], bytes]:
    """Read the tokenizer, in the child, and return the size of its vocabulary and the id between documents."""
    place, data = request["place"], files[0].read(files[0].n_bytes)
    _loaded.update(place=place, kind=request["kind"])
    if request["kind"] == "json":
        return _of_json(place, data), b""
    import sentencepiece

    if not data:  # which the library takes for no request
        raise TokenizerError(f"{place} cannot be read as a SentencePiece model: it is empty.")
    with parsing(place, "a SentencePiece model", TokenizerError):
        model = sentencepiece.SentencePieceProcessor(model_proto=data)
    _loaded.update(encode=model.encode, decode=model.decode)
    separator = model.eos_id() if model.eos_id() >= 0 else max(model.unk_id(), 0)
    return {"vocab_size": model.vocab_size(), "separator": separator}, b""


def _of_json(place: str, data: bytes) -> dict[str, Any]:
    import tokenizers

    with parsing(place, "a tokenizer.json", TokenizerError):
        model = tokenizers.Tokenizer.from_buffer(data)
        model.no_truncation()
        model.no_padding()
        named = [model.token_to_id(token) for token in _ENDS]
        size = model.get_vocab_size(with_added_tokens=True)
    _loaded.update(
        encode=lambda text: model.encode(text, add_special_tokens=False).ids,
        decode=model.decode,
    )
    return {"vocab_size": size, "separator": next((token for token in named if token is not None), 0)}


def encode(request: Mapping[str, Any], files: Sequence[Any]) -> tuple[dict[str, Any], bytes]:
    """Return the ids of a text, in the child."""
    with parsing(f"A text with the tokenizer {_loaded['place']}", "token ids", TokenizerError):
        ids = array.array("i", _loaded["encode"](request["text"]))
    return {}, ids.tobytes()


def decode(request: Mapping[str, Any], files: Sequence[Any]) -> tuple[dict[str, Any], bytes]:
    """Return the text of ids, in the child."""
    with parsing(f"A text with the tokenizer {_loaded['place']}", "token ids", TokenizerError):
        text = _loaded["decode"](request["ids"])
    return {"text": text}, b""
