"""How a source is read, as its user says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from advisor.corpus.hub.dataset import HubOptions


@dataclass(frozen=True, kw_only=True)
class IdOptions:
    """What is known of token ids beside the files that hold them.

    Attributes:
        tokenizer: whose ids they are, as ``load_tokenizer`` takes it; None where that is not known.
        dtype: of the ids in a flat file, one of ID_TYPES; None where the format says it.
        vocab_size: ids at or above it are an error; None: one more than the largest id that is drawn.
        decode: make text of the ids with their tokenizer, to be measured with another.
        eos_id: what stands between documents; None where the format or the tokenizer says it, or nothing does.
    """

    tokenizer: str | None = None
    dtype: str | None = None
    vocab_size: int | None = None
    eos_id: int | None = None
    decode: bool = False


@dataclass(frozen=True, kw_only=True)
class CorpusOptions:
    """How a source is read.

    Attributes:
        column: the column with the text, token ids or chat messages, dotted where it is nested; None finds it.
        format: one of FORMATS, which every file is read as; None goes by each file's name and content.
        encoding: of text files.
        skip_bad: leave out lines, rows and files that cannot be read, and count them; else one is an error.
        everything: hidden folders, caches, site-packages and dist-packages too.
        ids: what is known of token ids.
        hub: how a dataset of the hub is read; its ``split`` is also that of a folder with several.
    """

    column: str | None = None
    format: str | None = None
    encoding: str = "utf-8"
    skip_bad: bool = False
    everything: bool = False
    ids: IdOptions = field(default_factory=IdOptions)
    hub: HubOptions = field(default_factory=HubOptions)

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> CorpusOptions:
        """Return the options that the words of the command say; what is not among them, or None, is the default.

        >>> CorpusOptions.of({"column": "text", "all_folders": True, "split": "test", "seq_len": 64}).hub.split
        'test'
        """
        known = {name: value for name, value in words.items() if value is not None}
        hub = _among(known, _OF_HUB)
        if "data_files" in hub:
            hub["data_files"] = tuple(hub["data_files"])
        return cls(
            **_among(known, _OF_FILES),
            everything=known.get("all_folders", False),
            ids=IdOptions(**_among(known, _OF_IDS)),
            hub=HubOptions(**hub),
        )


_OF_FILES = ("column", "format", "encoding", "skip_bad")
_OF_IDS = ("tokenizer", "dtype", "vocab_size", "eos_id", "decode")
_OF_HUB = ("name", "split", "revision", "token", "streaming", "data_files")


def _among(words: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: words[name] for name in names if name in words}
