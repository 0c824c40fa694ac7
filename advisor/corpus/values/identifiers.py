"""Why a column is no corpus: ids, hashes, URLs, paths, dates, numbers, labels, by its name and by what is in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# Under these a list of whole numbers is token ids.
ID_NAMES = frozenset(
    {"input_ids", "inputs", "input", "tokens", "token_ids", "tokens_ids", "ids", "input_tokens", "input_token_ids"}
    | {"tok", "toks", "tokenized", "text_ids", "text_tokens", "encoded", "prompt_token_ids", "doc_tokens"}
)
# Under these stands the text of a table, if anything does.
TEXT_NAMES = frozenset(
    {"text", "content", "contents", "body", "document", "raw_content", "article", "markdown", "story", "passage"}
    | {"transcript", "transcription", "sentence", "code", "page_content", "raw_text", "full_text", "texts", "messages"}
    | {"conversation", "conversations", "dialog", "dialogue"}
)
# Under these stands what tells documents apart or sorts them, unless what is there is running text.
_NAMES = frozenset(
    {"id", "ids", "uid", "uuid", "guid", "key", "hash", "sha", "sha1", "sha256", "md5", "checksum", "digest", "etag"}
    | {"url", "urls", "uri", "link", "links", "href", "doi", "isbn", "issn", "domain", "host", "hostname", "website"}
    | {"label", "labels", "class", "category", "categories", "tag", "tags", "topic", "topics", "keywords", "genre"}
    | {"source", "src", "dataset", "subset", "config", "split", "lang", "language", "languages", "locale", "country"}
    | {"date", "datetime", "time", "timestamp", "ts", "created", "updated", "modified", "published", "year", "month"}
    | {"idx", "index", "row", "rank", "no", "number", "count", "score", "size", "length", "version", "revision"}
    | {"file", "filename", "path", "filepath", "dir", "directory", "ext", "extension", "mime", "mimetype", "encoding"}
    | {"repo", "repository", "commit", "branch", "license", "licenses", "author", "authors", "user", "username"}
    | {
        "email",
        "role",
        "type",
        "format",
        "status",
        "dump",
        "snapshot",
        "warc",
        "meta",
        "metadata",
        "charset",
        "columns",
    }
)
_ENDINGS = (
    *("_id", "_uuid", "_guid", "_hash", "_sha", "_sha1", "_sha256", "_md5", "_url", "_uri", "_link", "_path", "_date"),
    *("_time", "_timestamp", "_at", "_name", "_label", "_lang", "_language", "_idx", "_index", "_type", "_code"),
    *("_category", "_source", "_version", "_license", "_licenses", "_ids", "_urls", "_dir", "_ext", "_key"),
)
MOST_IDS = 1 << 20  # of a vocabulary: no tokenizer has a million tokens
_HEX = "[0-9a-fA-F]"
_PATTERNS = {
    "UUIDs": rf"<?(?:urn:uuid:)?\{{?{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\}}?>?",
    "numbers": r"[-+]?(?:\d{1,30}|\d{1,3}(?:,\d{3}){1,8})(?:\.\d{0,30})?(?:[eE][-+]?\d{1,4})?%?",
    "hashes": rf"(?:(?:md5|sha1|sha256|sha512):)?(?=[a-fA-F]*\d)(?:{_HEX}{{24}}|{_HEX}{{32}}|{_HEX}{{40}}|{_HEX}{{56}}"
    rf"|{_HEX}{{64}}|{_HEX}{{96}}|{_HEX}{{128}})",
    "URLs": r"(?:[a-zA-Z][a-zA-Z0-9+.-]{0,20}:(?://|urn:)|www\.|urn:)\S+|10\.\d{4,9}/\S+",
    "e-mail addresses": r"[\w.+-]{1,80}@[\w-]{1,80}(?:\.[\w-]{1,80})+",
    "dates": r"\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?:[T ]\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?"
    r" ?(?:Z|UTC|GMT|[-+]\d\d:?\d\d)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}:\d\d(?::\d\d)?",
    "paths": r"(?:\.{0,2}|~|[A-Za-z]:)?[/\\](?:[^\s/\\(){}=;]{1,255}[/\\])*[^\s/\\(){}=;]{0,255}"
    r"|(?:[^\s/\\(){}=;]{1,255}[/\\]){0,64}[^\s/\\(){}=;]{1,200}\.[A-Za-z][A-Za-z0-9]{0,7}",
}
_MATCHES = {words: re.compile(pattern) for words, pattern in _PATTERNS.items()}
_PRINTED = re.compile(r"(?:\[\s*)?\{'\w+':\s")
_NUMBERED = re.compile(r"(?=\S*\d)[\w.:/#@-]{1,100}")
_OPAQUE = re.compile(r"(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[\w-]{8,40}")
_LONGEST = 2000  # characters: none of these is longer
_LONGEST_WORD, _NEARLY_ALL = 20, 0.9
_FEW_WORDS, _SHORT = 8, 100  # a value of at least so many words, or characters, is running text


def plain_name(name: str) -> str:
    """Return the last part of a column's name in snake case.

    >>> plain_name("doc.sourceUrl"), plain_name("__index_level_0__")
    ('source_url', 'index_level_0')
    """
    last = name.rpartition(".")[2].strip("_- ")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last).replace("-", "_").replace(" ", "_").lower()


def why_no_ids(name: str, values: Sequence[Any]) -> str | None:
    """Return why lists of whole numbers are not taken for token ids; None where they are."""
    if plain_name(name) not in ID_NAMES:
        return "not named as token ids"
    lists = [value.tolist() if hasattr(value, "tolist") else value for value in values]
    lists = [value for value in lists if isinstance(value, list)]
    rows = [row for row in lists if len(row) > 2 and isinstance(row[0], int)]
    if rows and all(row == list(range(row[0], row[0] + len(row))) for row in rows):
        return "row numbers"
    is_large = any(isinstance(each, int) and each >= MOST_IDS for row in lists for each in row)
    return "numbers above those of any vocabulary" if is_large else None


def why_no_text(name: str, values: Sequence[Any]) -> str | None:
    """Return why strings, or lists of strings, are no corpus; None where they may be one."""
    texts = [
        text.strip()[: _LONGEST + 1]
        for value in values
        for text in (value if isinstance(value, list) else [value])
        if isinstance(text, str) and text.strip()
    ]
    named = _is_named(name)
    if not texts:
        return "a name of labels" if named else None
    if found := _pattern_of(texts):
        return found
    if all(map(_PRINTED.match, texts)):
        return "objects printed by Python and not written as JSON"
    if any(isinstance(value, list) for value in values) and _are_words(texts):
        return "single words"
    if plain_name(name) in TEXT_NAMES:
        return None
    if _are_numbered(texts) or _are_opaque(texts):
        return "ids"
    if _are_labels(texts):
        return "few distinct short values"
    return "a name of labels, and short values" if named and not _is_running(texts) else None


def _is_named(name: str) -> bool:
    plain = plain_name(name)
    return plain in _NAMES or plain.endswith(_ENDINGS) or plain.startswith(("index_level", "unnamed:"))


def _pattern_of(texts: Sequence[str]) -> str | None:
    """Return what all the texts are, by the pattern of most; None if one of them matches no pattern."""
    counts: dict[str, int] = {}
    for text in texts:
        found = next((words for words, pattern in _MATCHES.items() if pattern.fullmatch(text)), None)
        if found is None or len(text) > _LONGEST:
            return None
        counts[found] = counts.get(found, 0) + 1
    return max(counts, key=lambda words: counts[words])


def _are_numbered(texts: Sequence[str]) -> bool:
    """Return whether the texts differ in their digits only: "doc-17", "CC-MAIN-2013-20"."""
    if len(texts) < 2 or not all(map(_NUMBERED.fullmatch, texts)):
        return False
    return len({re.sub(r"\d+", "0", text) for text in texts}) <= max(1, len(texts) // 4)


def _are_opaque(texts: Sequence[str]) -> bool:
    """Return whether the texts are of one length and mix cases with digits: "dQw4w9WgXcQ"."""
    mixed = sum(_OPAQUE.fullmatch(text) is not None for text in texts)
    return len(texts) > 2 and len(set(map(len, texts))) == 1 and 2 * mixed > len(texts) and not _have_spaces(texts)


def _have_spaces(texts: Sequence[str]) -> bool:
    return any(re.search(r"\s", text) for text in texts)


def _are_words(texts: Sequence[str]) -> bool:
    """Return whether nearly all texts are a word each: of a sentence cut into words, or of its labels."""
    n_words = sum(len(text) <= _LONGEST_WORD and not _have_spaces([text]) for text in texts)
    return n_words >= _NEARLY_ALL * len(texts)


def _are_labels(texts: Sequence[str]) -> bool:
    """Return whether a few short values come again and again."""
    return len(texts) >= 8 and 4 * len(set(texts)) <= len(texts) and max(map(len, texts)) <= 40


def _is_running(texts: Sequence[str]) -> bool:
    """Return whether half of the texts are long, or of many words: more than a label has."""
    n_running = sum(len(text) > _SHORT or len(text.split()) >= _FEW_WORDS for text in texts)
    return 2 * n_running >= len(texts)
