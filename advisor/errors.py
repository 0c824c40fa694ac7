"""The errors a user can meet. Each message is one sentence: what is wrong, the value, what to do.

They are raised anywhere and caught once, in the click group (``advisor.cli``)::

    AdvisorError                exit 1   a failure at run time
    ├── UsageError              exit 2   the request itself is wrong: a bad number, two budgets at once
    ├── CorpusError             exit 1   a corpus that cannot be read, or holds too little
    │   └── HubError            exit 1   ... because of the Hugging Face hub: missing, gated, offline, down
    ├── RemoteError             exit 1   a file of a web server or an object store that cannot be listed or read
    ├── TokenizerError          exit 1   a tokenizer that cannot be found or read
    ├── ProtocolMismatchError   exit 1   two compressibilities measured in different ways
    ├── LawError                exit 1   a scaling law outside its domain, or a law file that cannot be used
    │   └── NoAnswerError        exit 2   ... because no law, or not this one, answers the question
    ├── CoefficientsError       exit 1   a coefficients file that is corrupt, from the future, or cannot answer
    ├── GrammarError            exit 2   a grammar that cannot exist
    ├── RunsError               exit 1   a table of training runs that cannot be read
    ├── DeviceMemoryError       exit 1   a training step that does not fit into the device's memory
    ├── CaptureError            exit 1   a training step that cannot be captured in a CUDA graph
    ├── CompileError            exit 1   a training step that cannot be compiled
    ├── DivergenceError         exit 1   a model whose training diverges at every learning rate
    └── MissingExtraError       exit 1   an optional dependency that is not installed

Whatever its class, an error about what is named and not there exits 2: a file, a column, a folder where a file is meant
or to write into (``asked_wrongly``). What is there and cannot be used, such as a file of something else, exits 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

# The spaces of Unicode (Zs) beside the usual one: as harmless, but not printable to Python.
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"

# What the extras of setup.cfg hold.
EXTRAS = {
    "calibrate": ("torch>=2.6", "nltk>=3.9.1"),
    "plot": ("matplotlib>=3.8",),
    "report": ("jinja2>=3.1", "plotly>=6"),
    "cluster": ("ray>=2.40",),
    "s3": ("s3fs>=2024.6",),
    "gs": ("gcsfs>=2024.6",),
    "az": ("adlfs>=2024.7",),
}


class AdvisorError(Exception):
    """A failure that the user can understand and mend."""

    exit_code = 1


class UsageError(AdvisorError):
    """The request itself is wrong."""

    exit_code = 2


class CorpusError(AdvisorError):
    """A corpus cannot be read, or holds too little to measure."""


class HubError(CorpusError):
    """The Hugging Face hub did not give the dataset."""


class RemoteError(AdvisorError):
    """A web server or an object store does not give a file: no CorpusError, so that no reader leaves the file out."""


class TokenizerError(AdvisorError):
    """A tokenizer cannot be found or read."""


class ProtocolMismatchError(AdvisorError):
    """Two compressibilities were measured in different ways and cannot be compared."""


class LawError(AdvisorError):
    """A scaling law was asked outside its domain, or its file cannot be used."""


class NoAnswerError(LawError):
    """The question has no answer: it is too large or too small, below the law's floor, or of a loss that it lacks."""

    exit_code = 2


class CoefficientsError(AdvisorError):
    """A coefficients file is corrupt, too new, or cannot answer the request."""


class GrammarError(AdvisorError):
    """The grammar asked for cannot exist."""

    exit_code = 2


class RunsError(AdvisorError):
    """A table of training runs cannot be read or used."""


class DeviceMemoryError(AdvisorError):
    """A training step does not fit into the memory of the device."""


class CaptureError(AdvisorError):
    """A training step cannot be captured in a CUDA graph."""


class CompileError(AdvisorError):
    """A training step cannot be compiled."""


class DivergenceError(AdvisorError):
    """Training diverges even at the least learning rate that is tried."""


class MissingExtraError(AdvisorError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package}, which is not installed: {install_command(*EXTRAS[extra])}"
        )
        self.given = package, extra, purpose

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str, str]]:
        return type(self), self.given  # a worker process sends its errors to the one that tells them


NOT_THERE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)  # no file has the name that is given
_Error = TypeVar("_Error", bound=AdvisorError)


def asked_wrongly(error: _Error) -> _Error:
    """Return the error, which now exits as wrong usage does: it is about a name that is given, and nothing has it."""
    error.exit_code = UsageError.exit_code
    return error


def install_command(*requirements: str) -> str:
    """Return the command that installs packages into the Python that runs, wherever advisor itself came from.

    They are named one by one: an extra of the project is found by pip only where the project is on an index, and the
    first ``pip`` of the PATH may be another Python's.
    """
    import shlex
    import sys

    return shlex.join([sys.executable or "python", "-m", "pip", "install", *requirements])


def first_line(error: BaseException) -> str:
    """Return the first line of a library's error, to be quoted inside one of our sentences."""
    lines = str(error).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else type(error).__name__


_FEW = 8  # names that a sentence can list


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about a name that is like a known one: which, and all of them if they are few.

    Nothing where it is like none: the sentence then goes on as it is best.

    >>> did_you_mean("chinchila", ["chinchilla", "kaplan"]), did_you_mean("gzip", ["data", "kaplan"])
    (": did you mean 'chinchilla'? (chinchilla, kaplan)", '')
    """
    spellings = list(known)
    close = nearest(name, spellings, n=1)
    listed = f" ({', '.join(spellings)})" if 1 < len(spellings) <= _FEW else ""
    return f": did you mean {close[0]!r}?{listed}" if close else ""


def nearest(name: str, known: Iterable[str], *, n: int) -> list[str]:
    """Return up to ``n`` known names that ``name`` may misspell, the likest first, whatever the case.

    >>> nearest("Kapln", ["chinchilla", "kaplan"], n=2)
    ['kaplan']
    """
    import difflib  # here, because few starts need it

    plain = {each.casefold(): each for each in known}
    return [plain[each] for each in difflib.get_close_matches(name.casefold(), plain, n=n, cutoff=0.7)]


def printable(text: str) -> str:
    r"""Return ``text`` with a question mark for each character that is not to be seen, and a space for other spaces.

    Names of files and fields may hold any: control characters, marks that turn the direction of a line (U+202E), those
    without width, halves of surrogate pairs, line ends.

    >>> printable("a\x1b[31m b\u202e c\u00a0d")
    'a?[31m b? c d'
    """
    return text if text.isprintable() else "".join(map(_seen, text))


def _seen(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char in _SPACES else "?"
