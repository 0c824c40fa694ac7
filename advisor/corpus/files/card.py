"""Which files a data set's card names: the ``configs`` in the metadata of README.md, as on the hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from advisor.corpus.corpus_file import Place
    from advisor.corpus.tally import Tally

_LONGEST_CARD = 1 << 20  # bytes


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """One configuration of a card: its name, and the patterns of files of each split, relative to the card."""

    name: str
    patterns: dict[str, tuple[str, ...]]


def read_configurations(folder: Path) -> tuple[Configuration, ...]:
    """Return the configurations with files that the card of a folder names; none where it names none."""
    path = folder / "README.md"
    if not path.is_file() or path.stat().st_size > _LONGEST_CARD:
        return ()
    text = path.read_text(encoding="utf-8", errors="replace")
    head, found, _ = text.removeprefix("---\n").partition("\n---")
    if not text.startswith("---\n") or not found or "configs:" not in head:
        return ()
    import yaml  # type: ignore[import-untyped]

    try:
        listed = yaml.safe_load(head)["configs"]
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise CorpusError(
            f"{path} has metadata that are not YAML with a list of configs: mend or remove it."
        ) from error
    return tuple(each for each in map(_configuration, listed if isinstance(listed, list) else ()) if each.patterns)


def _configuration(entry: Any) -> Configuration:
    entry = entry if isinstance(entry, dict) else {}
    patterns: dict[str, tuple[str, ...]] = {}
    for split, pattern in _patterns(entry.get("data_files")):
        patterns[split] = (*patterns.get(split, ()), pattern)
    return Configuration(name=str(entry.get("config_name", "default")), patterns=patterns)


def _patterns(files: Any) -> Iterator[tuple[str, str]]:
    """Yield each split with a pattern: of a text, a list of them, or objects with a split and a path."""
    for each in files if isinstance(files, list) else [files]:
        if isinstance(each, str):
            yield "train", each
        elif isinstance(each, dict) and "path" in each:
            for path in each["path"] if isinstance(each["path"], list) else [each["path"]]:
                yield str(each.get("split", "train")), str(path)


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
    paths = {str(path) for each in read for pattern in chosen.patterns[each] for path in folder.glob(pattern)}
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
