"""A tokenizer that a user names, in a process of its own: its file may hang, fill the memory or end what reads it.

A tokenizer.json is a program: regular expressions that backtrack, replacements that multiply a text. A model of
SentencePiece is parsed by C++.
"""

from __future__ import annotations

import array
import os
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from advisor.errors import TokenizerError
from advisor.untrusted.child import Child, ChildDiedError, ChildLateError
from advisor.untrusted.reading import parsing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import IO

_LARGEST = 128 << 20  # bytes of a file: Gemma's tokenizer.json has 33 MB
# Bytes of memory. Loaded, one of 128,000 pieces takes 140 MB, of 256,000 and 580,000 merges 450, a unigram model of
# 250,000 650; a million characters of one take 550 more. What a text may take goes by its length: see _bound.
_MOST_BYTES, _MOST_LOADED = 1280 << 20, 768 << 20
_FOR_A_TEXT, _FOR_A_CHAR = 64 << 20, 1000
_FIRST_CHARS = 64  # of the first text, tried alone: one that multiplies a text shows it there, and soon
_TO_LOAD, _AT_LEAST, _CHARS_A_SECOND = 300.0, 20.0, 10_000  # seconds; the slowest do 100,000 characters in one
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
            told, _ = self._loaded({"kind": self.kind, "place": str(self.path)}, [(file, size)])
        self.vocab_size: int = told["vocab_size"]
        self.separator: int = told["separator"]
        self._is_tried = False

    def _loaded(
        self, request: Mapping[str, Any], files: Sequence[tuple[IO[bytes], int]]
    ) -> tuple[dict[str, Any], bytearray]:
        try:
            return self._child.call("load", request, files, seconds=_TO_LOAD)
        except ChildLateError as error:
            raise TokenizerError(
                f"The tokenizer {self.path} {error} to load: name another with --tokenizer."
            ) from error
        except ChildDiedError as error:
            raise TokenizerError(
                f"The tokenizer {self.path} ended the process that loaded it ({error}): it is damaged, or asks for "
                f"more than {_MOST_LOADED >> 20:,} MB of memory."
            ) from error

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text."""
        _, blob = self._asked("encode", {"text": text}, f"{len(text):,} characters", len(text))
        return array.array("i", bytes(blob)).tolist()

    def decode(self, ids: list[int]) -> str:
        """Return the text of ids."""
        told, _ = self._asked("decode", {"ids": ids}, f"{len(ids):,} ids", len(ids))
        text: str = told["text"]
        return text

    def _asked(
        self, function: str, request: Mapping[str, Any], what: str, length: int
    ) -> tuple[dict[str, Any], bytearray]:
        if self._process != os.getpid() or not self._child.is_alive:
            self._start()
        if function == "encode" and not self._is_tried:
            self._is_tried = True
            first = request["text"][:_FIRST_CHARS]
            self._call("try_out", {"text": first}, f"{len(first):,} characters", len(first))
        return self._call(function, request, what, length)

    def _call(
        self, function: str, request: Mapping[str, Any], what: str, length: int
    ) -> tuple[dict[str, Any], bytearray]:
        """Return what the child answers to a request that holds ``what``: so many characters or ids."""
        try:
            return self._child.call(function, request, seconds=_AT_LEAST + length / _CHARS_A_SECOND)
        except ChildLateError as error:
            raise TokenizerError(
                f"The tokenizer {self.path} {error} for {what}: its normalizers or patterns are at fault; name another "
                "with --tokenizer."
            ) from error
        except ChildDiedError as error:
            fault = "it is damaged"
            if str(error) in ("SIGABRT", "for want of memory"):  # how an allocation ends that fails
                part = "decoders" if function == "decode" else "normalizers"
                fault = f"it makes more of them than {_most_for(length) >> 20:,} MB hold, so its {part} are at fault"
            raise TokenizerError(
                f"The tokenizer {self.path} ended the process that ran it ({error}) over {what}: {fault}; name another "
                "with --tokenizer."
            ) from error


def _close(child: Child, process: int) -> None:
    """End a child, if this is the process that asks it and not one forked from that."""
    if process == os.getpid():
        child.close()


_loaded: dict[str, Any] = {}  # in the child: its one tokenizer, the place for messages, and what its kind is called


def load(request: Mapping[str, Any], files: Sequence[Any]) -> tuple[dict[str, Any], bytes]:
    """Read the tokenizer, in the child, and return the size of its vocabulary and the id between documents."""
    _bound(_MOST_LOADED)
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


def _most_for(length: int) -> int:
    """Return the bytes that so many characters or ids may take, beside the tokenizer."""
    return _FOR_A_TEXT + _FOR_A_CHAR * length


def _bound(most_bytes: int) -> None:
    """Let this process take so many bytes, or what it may ever take; a system without such bounds goes without."""
    import resource

    with suppress(OSError, ValueError):
        _, ever = resource.getrlimit(resource.RLIMIT_DATA)
        soft = most_bytes if ever == resource.RLIM_INFINITY else min(most_bytes, ever)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, ever))


def _bound_text(length: int) -> None:
    """Bound what a text of this length takes beside what the process, with the tokenizer, has."""
    with suppress(OSError), open("/proc/self/status") as status:
        held = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmData:"))
        _bound(held + _most_for(length))


def try_out(request: Mapping[str, Any], files: Sequence[Any]) -> tuple[dict[str, Any], bytes]:
    """Encode the beginning of a text, in the child: for what that takes alone."""
    with suppress(TokenizerError):  # of a word that is cut, perhaps; if not, then the whole text has it too
        encode(request, files)
    return {}, b""


def encode(request: Mapping[str, Any], files: Sequence[Any]) -> tuple[dict[str, Any], bytes]:
    """Return the ids of a text, in the child."""
    _bound_text(len(request["text"]))
    with parsing(f"A text with the tokenizer {_loaded['place']}", "token ids", TokenizerError):
        ids = array.array("i", _loaded["encode"](request["text"]))
    return {}, ids.tobytes()


def decode(request: Mapping[str, Any], files: Sequence[Any]) -> tuple[dict[str, Any], bytes]:
    """Return the text of ids, in the child."""
    _bound_text(len(request["ids"]))
    with parsing(f"A text with the tokenizer {_loaded['place']}", "token ids", TokenizerError):
        text = _loaded["decode"](request["ids"])
    return {"text": text}, b""
