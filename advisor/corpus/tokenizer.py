"""Text to token ids: the default SentencePiece model, a model file, a tokenizer.json, a hub id, or plain bytes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from advisor.errors import TokenizerError, asked_wrongly, did_you_mean, first_line, install_command
from advisor.untrusted.reading import parsing

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_TOKENIZER = "mistral-v1"
# The gzip paper uses Llama-2's 32000-piece tokenizer, which is gated. Mistral-v1's has 32000 pieces too, is Apache-2.0,
# and gives an H within .006 of Llama-2's on average. mistral-common ships the file; importing the package costs 1.9 s.
_DEFAULT_PACKAGE, _DEFAULT_FILE = "mistral_common", "data/tokenizer.model.v1"


class Tokenizer(NamedTuple):
    """A tokenizer: its name in the protocol, its vocabulary, text -> ids and back, and the id put between documents."""

    name: str
    vocab_size: int
    encode: Callable[[str], list[int]]
    decode: Callable[[list[int]], str]
    separator: int  # the end-of-text id where the model has one: it joins short documents


def load_tokenizer(name: str = DEFAULT_TOKENIZER) -> Tokenizer:
    """Return the tokenizer called ``name``.

    ``name`` is ``mistral-v1``, ``bytes``, a SentencePiece ``.model``, a ``tokenizer.json``, a folder that holds one of
    them, or a hub id.

    Raises:
        TokenizerError: it cannot be found or read.
    """
    if name == DEFAULT_TOKENIZER:
        return _sentencepiece(_default_file(), DEFAULT_TOKENIZER)
    if name == "bytes":
        return Tokenizer(
            name="bytes",
            vocab_size=257,
            encode=lambda text: list(text.encode("utf-8")),
            decode=lambda ids: bytes(token for token in ids if token < 256).decode("utf-8", "replace"),
            separator=256,
        )
    if not name:
        raise asked_wrongly(TokenizerError("The name of the tokenizer is empty."))
    path = Path(name).expanduser()
    if path.is_dir():
        found = [path / file for file in ("tokenizer.json", "tokenizer.model") if (path / file).is_file()]
        if not found:
            raise TokenizerError(f"The folder {name} holds neither a tokenizer.json nor a tokenizer.model.")
        path = found[0]
    if path.is_file():
        return _contained(path, name)
    if path.suffix in (".model", ".json") or name.count("/") > 1 or name.startswith(("/", ".", "~")):
        raise asked_wrongly(TokenizerError(f"There is no tokenizer file {name}."))
    return _from_hub(name)


def _default_file() -> Path:
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    folders = spec.submodule_search_locations if spec is not None else None
    path = Path(folders[0]) / _DEFAULT_FILE if folders else None
    if path is None or not path.is_file():
        raise TokenizerError(
            "The default tokenizer comes with the package mistral-common, which is not installed here or lacks "
            f"{_DEFAULT_FILE}: {install_command('mistral-common>=1.5')}, or name another with --tokenizer."
        )
    return path


def _sentencepiece(path: Path, name: str) -> Tokenizer:
    """Return a model of SentencePiece that is trusted: it is read in this process."""
    import sentencepiece

    with parsing(path, "a SentencePiece model", TokenizerError):
        model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    separator = model.eos_id() if model.eos_id() >= 0 else max(model.unk_id(), 0)
    return Tokenizer(
        name=name, vocab_size=model.vocab_size(), encode=model.encode, decode=model.decode, separator=separator
    )


def _contained(path: Path, name: str) -> Tokenizer:
    """Return the tokenizer of a file that somebody else wrote."""
    from advisor.corpus.tokenizer_child import ContainedTokenizer  # here: an answer needs the name alone

    try:
        model = ContainedTokenizer(path, "json" if path.suffix == ".json" else "sentencepiece")
    except OSError as error:
        raise TokenizerError(f"{path} cannot be read: {error.strerror}.") from error
    return Tokenizer(
        name=name, vocab_size=model.vocab_size, encode=model.encode, decode=model.decode, separator=model.separator
    )


def _unknown(name: str) -> TokenizerError:
    return asked_wrongly(
        TokenizerError(f"{name!r} is neither {DEFAULT_TOKENIZER!r}, 'bytes', a file, nor a hub id such as org/name.")
    )


def _from_hub(name: str) -> Tokenizer:
    if "/" not in name:
        raise _unknown(name)
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, HFValidationError, RepositoryNotFoundError

    from advisor.corpus.hub.client import be_quiet_and_brief, reachable

    be_quiet_and_brief()
    if not reachable():
        raise TokenizerError(
            f"There is no file {name}, and the hub cannot be reached to look for a tokenizer of that name."
        )
    try:
        return _contained(Path(hf_hub_download(name, "tokenizer.json")), name)
    except HFValidationError as error:
        raise _unknown(name) from error
    except GatedRepoError as error:
        raise TokenizerError(
            f"The tokenizer {name} is gated: accept its terms on its hub page and set HF_TOKEN."
        ) from error
    except RepositoryNotFoundError as error:
        hint = did_you_mean(name, (DEFAULT_TOKENIZER, "bytes")) or ", or it is private."
        raise TokenizerError(f"There is no file {name} and no hub model of that name{hint}") from error
    except EntryNotFoundError as error:
        raise TokenizerError(
            f"The hub could not give tokenizer.json of {name}: it has none, or the hub cannot be reached."
        ) from error
    except OSError as error:
        raise TokenizerError(f"The tokenizer {name} could not be fetched: {first_line(error)}") from error
