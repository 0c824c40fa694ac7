"""Which split of a data set a file belongs to, by its path, as people and the hub name them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from advisor.corpus.formats import SOURCE_EXTENSIONS
from advisor.errors import CorpusError
from advisor.quantities import format_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.tally import Tally

# The keywords by which the library datasets infers splits from file names.
_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_NAME_OF = {word: split for split, words in _SPLITS.items() for word in words}
_WORD = re.compile(rf"(?:^|[-._ /])({'|'.join(_NAME_OF)})(?=[-._ /0-9]|$)", re.IGNORECASE)


def split_of(name: str) -> str | None:
    """Return the split that a path below a corpus names; None if none. The last word that names one counts.

    >>> split_of("train-00000-of-00002.parquet"), split_of("data/val/a.jsonl"), split_of("trainer.py")
    ('train', 'validation', None)
    """
    found = _WORD.findall(name)
    return _NAME_OF[found[-1].lower()] if found else None


def _split_below(file: CorpusFile, below: str) -> str | None:
    """Return the split that a file's path below the corpus names; of source code, test and train mean other things."""
    code = file.format == "text" and any(suffix in SOURCE_EXTENSIONS for suffix in file.place.suffixes[-1:])
    return None if code else split_of(file.name.removeprefix(below))


def one_split(
    files: Sequence[CorpusFile], below: str, wanted: str | None, tally: Tally, *, choose: bool
) -> list[CorpusFile]:
    """Return the files of one split: ``wanted``, or train where there is one beside others and we are to ``choose``.

    ``below`` is what all names begin with. Nothing is chosen unasked where a file names no split: the words may mean
    something else. Splits that are read together are a caution with their sizes.

    Raises:
        CorpusError: no file is of the split that is wanted.
    """
    splits = {file.name: _split_below(file, below) for file in files}
    sizes: dict[str, float] = {}
    for file in files:
        if (split := splits[file.name]) is not None:
            sizes[split] = sizes.get(split, 0.0) + file.n_bytes
    choose = choose and len(sizes) > 1 and None not in splits.values()
    chosen = _NAME_OF.get(wanted.lower(), wanted) if wanted else "train" if choose else None
    if wanted and chosen != "all" and chosen not in sizes:
        names = ", ".join(sizes) or "none"
        raise CorpusError(f"No file of {below or 'the corpus'} is of the split {wanted!r}; its splits: {names}.")
    if chosen in sizes:
        named = ", ".join(f"{split} ({format_bytes(size)})" for split, size in sizes.items() if split != chosen)
        if named:
            others = f"left out: {named}. --split NAME reads another, --split all all of them."
            tally.caution("one_split", f"Read is the split {chosen}; {others}")
        for file in files:
            if splits[file.name] not in (None, chosen):
                reason = f"files of the split {splits[file.name]}"
                tally.skip(reason, n_bytes=file.n_bytes, name=file.name, deliberate=True)
        return [file for file in files if splits[file.name] in (None, chosen)]
    if len(sizes) > 1 and chosen != "all":
        named = ", ".join(f"{split} {format_bytes(n_bytes)}" for split, n_bytes in sizes.items())
        tally.caution(
            "splits_pooled",
            f"Splits are read together: {named}. Where they hold the same documents these count twice; "
            "--split NAME reads one.",
        )
    return list(files)
