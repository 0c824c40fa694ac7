"""Which files a data set's card names: the ``configs`` in the metadata of README.md, as on the hub."""

from __future__ import annotations

import glob
import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.errors import CorpusError
from advisor.untrusted.reading import parsing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from advisor.corpus.corpus_file import Place
    from advisor.corpus.tally import Tally

LONGEST_CARD = 1 << 20  # bytes
_MOST_PATTERNS = 10_000


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """One configuration of a card: its name, and the patterns of files of each split, relative to the card."""

    name: str
    patterns: dict[str, tuple[str, ...]]


def read_configurations(folder: Path) -> tuple[Configuration, ...]:
    """Return the configurations with files that the card of a folder names; none where it names none."""
    path = folder / "README.md"
    if not path.is_file() or path.stat().st_size > LONGEST_CARD:
        return ()
    text = path.read_text(encoding="utf-8", errors="replace")
    head, found, _ = text.removeprefix("---\n").partition("\n---")
    if not text.startswith("---\n") or not found or "configs:" not in head:
        return ()
    import yaml  # type: ignore[import-untyped]

    with parsing(path, "YAML", CorpusError, advice="; mend or remove it"):
        document = yaml.safe_load(head)
    listed = document.get("configs") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise CorpusError(f"{path} has metadata that are not YAML with a list of configs: mend or remove it.")
    named = list(itertools.islice(_named_patterns(listed, path), _MOST_PATTERNS + 1))
    if len(named) > _MOST_PATTERNS:
        raise CorpusError(f"{path} names over {_MOST_PATTERNS:,} patterns of files in its configs: mend or remove it.")
    by_name: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, split, pattern in named:
        patterns = by_name.setdefault(name, {})
        patterns[split] = (*patterns.get(split, ()), pattern)
    return tuple(Configuration(name=name, patterns=patterns) for name, patterns in by_name.items())


def _named_patterns(listed: list[Any], path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield each configuration's name with a split and a pattern. Aliases of YAML may repeat a list without end."""
    for entry in listed:
        if isinstance(entry, dict):
            name = _word(entry.get("config_name", "default"), path)
            folder, files = entry.get("data_dir"), entry.get("data_files")
            below = "" if folder is None else _inside(_word(folder, path), path).removesuffix("/") + "/"
            for split, pattern in _patterns(files, path):
                yield name, split, below + _inside(pattern, path)


def _patterns(files: Any, card: Path) -> Iterator[tuple[str, str]]:
    """Yield each split with a pattern: of a text, a list of them, or objects with a split and a path."""
    for each in files if isinstance(files, list) else [files]:
        if isinstance(each, str):
            yield "train", each
        elif isinstance(each, dict) and "path" in each:
            for path in each["path"] if isinstance(each["path"], list) else [each["path"]]:
                yield _word(each.get("split", "train"), card), _word(path, card)


def _word(value: Any, path: Path) -> str:
    """Return a name, which YAML may take for a number: no list, whose aliases could make it of any length."""
    if not isinstance(value, str | int | float):
        raise CorpusError(f"{path} has a {type(value).__name__} where a configuration needs a name: mend or remove it.")
    return str(value)


def _inside(pattern: str, path: Path) -> str:
    if not pattern or "\0" in pattern or pattern.startswith("/") or ".." in pattern.split("/"):
        raise CorpusError(f"{path} names files by {pattern[:80]!r}, which none below it can match: mend or remove it.")
    return pattern


def _matching(folder: Path, pattern: str) -> Iterator[str]:
    once = re.sub(r"(\*\*/+)+", "**/", pattern)  # each ** more multiplies what is looked through
    yield from (str(folder / name) for name in glob.glob(once, root_dir=folder, recursive=True, include_hidden=True))


def named_by_card(
    places: Sequence[Place], folder: Path, name: str | None, split: str | None, tally: Tally
) -> list[Place] | None:
    """Return the files that one configuration and split of the folder's card name; None without such a card.

    Raises:
        CorpusError: the card has several configurations and none is chosen or called default, or not that split.
    """
    configurations = read_configurations(folder)
    if not configurations:
        return None
    chosen = _chosen(configurations, name, folder)
    splits = list(chosen.patterns)
    read = splits if split == "all" else [split or ("train" if "train" in splits else splits[0])]
    if read[0] not in splits:
        raise CorpusError(
            f"{folder} has no split {split!r} in {chosen.name}: choose one of {', '.join(splits)}, or all."
        )
    paths = {path for each in read for pattern in chosen.patterns[each] for path in _matching(folder, pattern)}
    for place in places:
        if place.name not in paths:
            reason = "files that the card names for no, or another, configuration and split"
            tally.skip(reason, n_bytes=place.n_bytes, name=place.name, deliberate=True)
    if len(configurations) > 1 or len(splits) > len(read):
        others = [f"--name {each.name}" for each in configurations if each is not chosen]
        others += [f"--split {each}" for each in splits if each not in read]
        message = f"The card of {folder} has several parts: read is {chosen.name}, {', '.join(read)}; the others are "
        tally.caution("one_configuration", f"{message}{', '.join(others)}.")
    return [place for place in places if place.name in paths]


def _chosen(configurations: Sequence[Configuration], name: str | None, folder: Path) -> Configuration:
    names = [each.name for each in configurations]
    wanted = name or ("default" if "default" in names else names[0] if len(names) == 1 else None)
    if wanted not in names:
        wish = f"there is no configuration {name!r}" if name else "it has several configurations"
        raise CorpusError(f"{folder}: {wish}; choose one with --name: {', '.join(names)}.")
    return configurations[names.index(wanted)]
