"""The sources of a calibration, from what names them to tokens on disk and what was measured of them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.compressibility.measure import measure, sequence_ratios
from advisor.compressibility.protocol import Protocol
from advisor.corpus.options import CorpusOptions
from advisor.corpus.remote.address import redacted
from advisor.corpus.sampling import Sampling, draw_sample
from advisor.corpus.sequences import TooSmallError
from advisor.corpus.source import open_corpus
from advisor.corpus.tokenizer import Tokenizer, load_tokenizer
from advisor.errors import AdvisorError, CorpusError, UsageError
from advisor.json_fields import Node
from advisor.json_form import as_json
from calibration.campaign.corpus_tokens import corpus_tokens
from calibration.campaign.grid import SEQ_LEN
from calibration.campaign.plan_checks import check_room
from calibration.campaign.token_data import DIGEST_DOCUMENTS, Ids, TokenData, read_data, write_data
from calibration.grammars.grammar import GrammarShape, draw
from calibration.grammars.profile import profile
from calibration.grammars.sampling import sample_documents
from calibration.grammars.sets import NamedGrammar
from calibration.grammars.tilting import tilt
from calibration.lines.records import SourceRecord

if TYPE_CHECKING:
    from advisor.corpus.sequences import Progress

# H of longer sequences stands beside H: tokens a sequence, and how many of them.
WINDOWS = {1000: 300, 8000: 100}


@dataclass(frozen=True, kw_only=True)
class CorpusSource:
    """A real corpus: its name in the calibration, where it is, and how it is read and tokenised.

    ``score_tokenizer`` is that of H, where it is not the one of the tokens that models are trained on.
    """

    name: str
    source: str
    tokenizer: str
    options: CorpusOptions
    score_tokenizer: str | None = None

    @property
    def reading(self) -> dict[str, Any]:
        """How it is read where that is not the default, in JSON's terms; an access token is not among it."""
        default, given = _flat(CorpusOptions()), _flat(self.options)
        return {name: value for name, value in given.items() if value != default[name]}


def _flat(options: CorpusOptions) -> dict[str, Any]:
    values = as_json(options)
    hub = values.pop("hub")
    return {**values, **{name: value for name, value in hub.items() if name not in ("token", "streaming")}}


SourceSpec = NamedGrammar | CorpusSource


@dataclass(frozen=True, kw_only=True)
class PreparedSource:
    """A source that is ready to be trained on, and the protocol that its H was measured under.

    ``notes`` say what its reader should know; ``data`` is all of a corpus's, and of a grammar's the head.
    """

    record: SourceRecord
    protocol: Protocol
    data: TokenData
    notes: tuple[str, ...] = ()


def prepare(spec: SourceSpec, *, n_tokens: int, n_validation: int, seed: int, progress: Progress) -> PreparedSource:
    """Return a source's tokens and measurements.

    Raises:
        AdvisorError: it cannot be read, is too small, or cannot be drawn.
    """
    if isinstance(spec, CorpusSource):
        return _corpus(spec, n_tokens=n_tokens, n_validation=n_validation, seed=seed, progress=progress)
    return _grammar(spec, n_tokens=n_tokens, n_validation=n_validation, seed=seed, progress=progress)


def _grammar(
    source: NamedGrammar, *, n_tokens: int, n_validation: int, seed: int, progress: Progress
) -> PreparedSource:
    progress(f"sampling {source.name}", 0, None)
    measured = profile(source, seed=seed, seq_len=SEQ_LEN)
    data = grammar_data(source, n_tokens=n_tokens, n_validation=n_validation, seed=seed)
    grammar = tilt(source.grammar)
    record = SourceRecord(
        name=source.name,
        kind="grammar",
        data=data.digest(),
        vocab_size=grammar.n_terminals + 1,
        n_unique_tokens=None,
        compressibility=measured.compressibility,
        ci95=None,
        shuffled=measured.shuffled_compressibility,
        windows={
            str(length): median_ratio(sample_documents(grammar, n_documents=count, seed=seed, seq_len=length))
            for length, count in WINDOWS.items()
        },
        entropy_bound=measured.entropy_bound.mean,
        entropy_rate=measured.entropy_rate if np.isfinite(measured.entropy_rate) else None,
        definition={"shape": as_json(source.shape), "grammar_seed": source.seed, "data_seed": seed},
    )
    protocol = Protocol(tokenizer=None, seq_len=SEQ_LEN, n_sequences=measured.n_documents)
    return PreparedSource(record=record, protocol=protocol, data=data)


def grammar_data(source: NamedGrammar, *, n_tokens: int, n_validation: int, seed: int) -> TokenData:
    """Return documents of a grammar; more tokens have fewer as their head."""
    n_training = -(-n_tokens // SEQ_LEN)
    documents = sample_documents(tilt(source.grammar), n_documents=n_validation + n_training, seed=seed)
    return TokenData(training=documents[n_validation:], validation=documents[:n_validation])


def _corpus(spec: CorpusSource, *, n_tokens: int, n_validation: int, seed: int, progress: Progress) -> PreparedSource:
    tokenizer = load_tokenizer(spec.tokenizer)
    sampling = Sampling(tokenizer=spec.tokenizer, seq_len=SEQ_LEN, seed=seed)
    read = corpus_tokens(
        spec.source,
        spec.options,
        sampling,
        tokenizer=tokenizer,
        n_tokens=n_tokens,
        n_validation=n_validation,
        progress=progress,
    )
    sample = read.sample
    vocab_size = tokenizer.vocab_size if sample.tokenized else _n_ids(read.data, sample.ids)
    scored, scorer = sample, tokenizer
    if spec.score_tokenizer is not None:
        if not sample.tokenized:
            raise UsageError(f"{spec.source} holds token ids, which --score-tokenizer cannot tokenise: leave it out.")
        scorer, sampling = load_tokenizer(spec.score_tokenizer), replace(sampling, tokenizer=spec.score_tokenizer)
        corpus = open_corpus(spec.source, spec.options, seq_len=SEQ_LEN)
        scored = draw_sample(corpus.readers, sampling, tokenizer=scorer, progress=progress)
    protocol = Protocol(
        tokenizer=scorer.name if scored.tokenized else None,
        seq_len=SEQ_LEN,
        chunking="concatenation" if scored.joined else "document",
    )
    measured = measure(
        scored.ids,
        scored.keys,
        vocab_size=scorer.vocab_size if scored.tokenized else vocab_size,
        protocol=protocol,
        seed=seed,
    )
    record = SourceRecord(
        name=spec.name,
        kind="corpus",
        data=read.data.digest(),
        vocab_size=vocab_size,
        n_unique_tokens=read.data.training.size,
        compressibility=measured.median,
        ci95=measured.ci95,
        shuffled=measured.shuffled_median,
        windows=_windows(spec, scorer, sampling, progress),
        entropy_bound=None,
        entropy_rate=None,
        trained_compressibility=None if scored is sample else median_ratio(sample.ids),
        definition={
            "source": redacted(spec.source),
            "tokenizer": spec.tokenizer,
            "score_tokenizer": spec.score_tokenizer,
            "reading": spec.reading,
            "data_seed": seed,
            "n_tokens": n_tokens,
            "bytes_per_token": sample.bytes_per_token,
            "estimated_tokens": sample.estimated_tokens,
        },
    )
    left_out = ", ".join(f"{count:,} ({reason})" for reason, count in read.left_out.items())
    notes = (f"{spec.name}: left out {left_out}.",) if left_out else ()
    return PreparedSource(record=record, protocol=protocol, data=read.data, notes=notes)


def _n_ids(data: TokenData, sample: Ids) -> int:
    return 1 + max(int(ids.max()) for ids in (data.training, data.validation, sample))


def _windows(spec: CorpusSource, tokenizer: Tokenizer, sampling: Sampling, progress: Progress) -> dict[str, float]:
    """Return H of longer sequences; a corpus whose documents have none of a length has none."""
    found = {}
    for length, count in WINDOWS.items():
        corpus = open_corpus(spec.source, spec.options, seq_len=length)
        longer = replace(sampling, seq_len=length, n_sequences=count)
        try:
            sample = draw_sample(corpus.readers, longer, tokenizer=tokenizer, progress=progress)
        except TooSmallError:
            continue
        found[str(length)] = median_ratio(sample.ids)
    return found


def median_ratio(ids: Ids) -> float:
    """Return H of sequences."""
    return float(np.median(sequence_ratios(ids)))


def restore(record: SourceRecord, folder: Path, *, n_tokens: int, n_validation: int) -> TokenData:
    """Return the data of a source that a plan names: from ``folder``, or drawn again there.

    Raises:
        CorpusError: a corpus's tokens are not there, or are not those that were planned.
        AdvisorError: a grammar's are not, and cannot be made again.
    """
    data = read_data(folder, record.name)
    if data is not None and data.digest() == record.data and data.training.size >= n_tokens:
        return data
    if record.kind == "corpus":
        raise CorpusError(
            f"The tokens of {record.name} in {folder} are missing or not those that were planned: give the command "
            f"that planned this calibration again, with --corpus {record.name}={record.definition.get('source')}, to "
            "have them read again."
        )
    n_tokens = max(n_tokens, DIGEST_DOCUMENTS * SEQ_LEN)
    check_room(record.name, n_tokens, record.vocab_size, folder.parent)
    made = grammar_data(_named(record), n_tokens=n_tokens, n_validation=n_validation, seed=_seed(record))
    if made.digest() != record.data:
        raise AdvisorError(
            f"The tokens of {record.name} are sampled otherwise by this version than by the one that planned: name "
            "another folder."
        )
    write_data(made, folder, record.name)
    return read_data(folder, record.name) or made


def read_again(
    record: SourceRecord, spec: CorpusSource, folder: Path, *, n_validation: int, progress: Progress
) -> None:
    """Have the tokens of a corpus that a plan names in ``folder``, from the corpus itself.

    Raises:
        CorpusError: the corpus cannot be read, or has changed since it was planned.
    """
    again = prepare(
        spec,
        n_tokens=tokens_read(record),
        n_validation=n_validation,
        seed=_seed(record),
        progress=progress,
    )
    if again.record.data != record.data:
        raise CorpusError(
            f"{spec.source} has changed since {record.name} was planned: calibrate on what it is now in another folder."
        )
    write_data(again.data, folder, record.name)


def tokens_read(record: SourceRecord) -> int:
    """Return how many tokens of a corpus its plan asked for: with as many the same are read.

    Raises:
        AdvisorError: the plan does not say.
    """
    return _definition(record)["n_tokens"].whole(0)


def _definition(record: SourceRecord) -> Node:
    return Node(record.definition, "The plan", f"{record.name}.definition", AdvisorError)


def _seed(record: SourceRecord) -> int:
    return _definition(record)["data_seed"].whole(0)


def _named(record: SourceRecord) -> NamedGrammar:
    definition = _definition(record)
    shape = GrammarShape(**{each.name: definition["shape"][each.name].whole(1) for each in fields(GrammarShape)})
    seed = definition["grammar_seed"].whole(0)
    return NamedGrammar(name=record.name, shape=shape, seed=seed, grammar=draw(shape, seed=seed))
