"""Documents of a grammar as arrays of token ids: exactly ``seq_len`` tokens, sentences joined by 0, the last one cut.

A batch of derivation trees grows breadth-first, one numpy pass a level, and only nonterminals are ever stored: a rule
is a row of *segments*, the runs of terminals around and between its nonterminals (slots). Once the segments under each
node are counted, each one's place from left to right is known, and one gather writes the tokens of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from advisor.errors import GrammarError
from advisor.quantities import plural
from calibration.grammars.grammar import SEPARATOR
from calibration.grammars.tilting import Floats, Ints, RuleTable, TightGrammar
from calibration.grammars.weighted_choice import WeightedChoice

SEQ_LEN = 256
SHARD_DOCUMENTS = 2**14
# Expected tokens of a batch: its arrays stay in cache, and a numpy call is still cheap beside its work.
BATCH_TOKENS = 2**17
# Rules that become one symbol add depth and no token: of a grammar that hardly leaves them a tree would never end.
MAX_LEVELS = 10_000

Tokens = NDArray[np.signedinteger[Any]]  # int16 where the ids fit, else int32


def sample_documents(grammar: TightGrammar, *, n_documents: int, seed: int, seq_len: int = SEQ_LEN) -> Tokens:
    """Return the first ``n_documents`` documents of this seed, (documents, seq_len), shard after shard."""
    return np.concatenate(list(sample_shards(grammar, n_documents=n_documents, seed=seed, seq_len=seq_len)))


def sample_shards(grammar: TightGrammar, *, n_documents: int, seed: int, seq_len: int = SEQ_LEN) -> Iterator[Tokens]:
    """Yield the shards of a data set in order: SHARD_DOCUMENTS documents each, the last one shorter.

    Raises:
        GrammarError: fewer than one document, or documents of fewer than one token.
    """
    if n_documents < 1 or seq_len < 1:
        raise GrammarError(
            f"{plural(n_documents, 'document')} of {seq_len} tokens cannot be sampled: ask for at least 1 of 1."
        )
    sampler = Sampler(grammar, seq_len=seq_len)
    for shard, begin in enumerate(range(0, n_documents, SHARD_DOCUMENTS)):
        yield sampler.shard(seed=seed, shard=shard, n_documents=min(SHARD_DOCUMENTS, n_documents - begin))


class Sampler:
    """Samples documents of one grammar; each (seed, shard) is a stream of its own, and fewer documents are its head."""

    def __init__(self, grammar: TightGrammar, *, seq_len: int = SEQ_LEN) -> None:
        self.seq_len = seq_len
        self.root = len(grammar.start)
        self.table = with_root(grammar)
        self.dtype = np.int16 if grammar.n_terminals < 2**15 else np.int32
        # A tree is grown no further than seq_len tokens: see `_grow`.
        self.n_sentences = int(BATCH_TOKENS / (min(grammar.expected_length(), seq_len) + 1)) + 1
        self._choice = WeightedChoice(self.table)
        self._index_segments()

    def _index_segments(self) -> None:
        """Slots and segments are numbered in reading order; the segment after slot c of rule r is c + r + 1."""
        table = self.table
        rule = np.repeat(np.arange(len(table.lhs)), table.lengths)
        is_slot = table.symbols < 0
        n_slots = np.bincount(rule[is_slot], minlength=len(table.lhs))
        first_slot = n_slots.cumsum() - n_slots
        segment = (is_slot.cumsum() + rule)[~is_slot]
        n_tokens = np.bincount(segment, minlength=len(table.lhs) + is_slot.sum())
        self._terminals: Tokens = table.symbols[~is_slot].astype(self.dtype)
        self._n_slots, self._first_slot = n_slots, first_slot
        self.first_segment = first_slot + np.arange(len(table.lhs))
        self._segment_after = np.arange(is_slot.sum()) + rule[is_slot] + 1
        self._slot_nonterminal = -table.symbols[is_slot] - 1
        self._slot_offset = (np.arange(len(rule)) - table.offsets[rule])[is_slot]
        self.segment_tokens = n_tokens
        self._segment_begin = n_tokens.cumsum() - n_tokens

    def stream(self, *, seed: int, shard: int) -> Iterator[Ints]:
        """Yield batches of whole sentences, each ending in 0, as segments from left to right."""
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(shard,)))
        while True:
            yield self._batch(rng)

    def shard(self, *, seed: int, shard: int, n_documents: int) -> Tokens:
        """Return the first ``n_documents`` documents of one shard, (documents, seq_len)."""
        documents = np.empty((n_documents, self.seq_len), dtype=self.dtype)
        filled, carried = 0, self.no_tokens
        for segments in self.stream(seed=seed, shard=shard):
            # What the last batch left unfinished comes first: dropping it would favour documents of short sentences.
            tokens = np.concatenate([carried, self.write(segments)])
            starts, carried_from = document_starts(tokens, self.seq_len)
            carried = tokens[carried_from:]
            taken = starts[: n_documents - filled]
            documents[filled : filled + len(taken)] = tokens[taken[:, None] + np.arange(self.seq_len)]
            filled += len(taken)
            if filled == n_documents:
                break
        return documents

    @property
    def no_tokens(self) -> Tokens:
        """An empty row of tokens, of the type of all others."""
        return self._terminals[:0]

    def write(self, segments: Ints) -> Tokens:
        """Return the tokens of a row of segments."""
        n_tokens = self.segment_tokens.take(segments)
        source = np.repeat(self._segment_begin.take(segments) - n_tokens.cumsum() + n_tokens, n_tokens)
        source += np.arange(len(source))
        tokens: Tokens = self._terminals.take(source)
        return tokens

    def spread(self, segments: Ints, values: Floats) -> Floats:
        """Return for each token of a row of segments the sum of ``values`` of the segments that begin at it."""
        n_tokens = self.segment_tokens.take(segments)
        begin = n_tokens.cumsum() - n_tokens
        return np.bincount(begin, weights=values[segments], minlength=n_tokens.sum()).astype(np.float64)

    def _batch(self, rng: np.random.Generator) -> Ints:
        """Return one batch of sentences as segments from left to right."""
        levels = self._grow(rng)
        sizes, befores = _segments_below(levels)
        row = np.empty(befores[0][-1], dtype=np.int64)
        place = befores[0][:-1]  # of each node's first segment, from the roots down
        for level, size, before in zip(levels, sizes[1:], befores[1:], strict=True):
            row[place] = self.first_segment.take(level.rule)
            place = np.repeat(place + 1 - before.take(level.begin) - level.begin, level.n_slots) + before[:-1]
            place += np.arange(len(place))
            row[place + size] = self._segment_after.take(level.slot)
        return row

    def _grow(self, rng: np.random.Generator) -> list[Level]:
        """Return a batch of derivation trees.

        Every symbol becomes at least one token, so a node with seq_len symbols to its left in its sentence lies beyond
        the document that the sentence begins in: it becomes one token, and trees stay finite work even at rho = 1.
        """
        levels: list[Level] = []
        node = np.full(self.n_sentences, self.root)
        left = np.zeros(self.n_sentences, dtype=np.int64)
        while len(node):
            if len(levels) == MAX_LEVELS:
                raise GrammarError(
                    f"A sentence of this grammar has derivations over {MAX_LEVELS:,} rules deep: its rules lead back "
                    "to themselves too often without a token; give those that end more weight."
                )
            rule = self._choice(rng, node)
            n_slots = self._n_slots.take(rule)
            begin = n_slots.cumsum() - n_slots
            slot = np.repeat(self._first_slot.take(rule) - begin, n_slots)
            slot += np.arange(len(slot))
            levels.append(Level(rule, n_slots, begin, slot))
            left = np.repeat(left, n_slots) + self._slot_offset.take(slot)
            node = self._slot_nonterminal.take(slot)
            node[left >= self.seq_len] = self.root + 1
        return levels


class Level(NamedTuple):
    """The nodes of one depth: the rule of each, and its slots, which are the nodes of the next level."""

    rule: Ints
    n_slots: Ints
    begin: Ints  # of each node's slots, among those of the level
    slot: Ints


def _segments_below(levels: list[Level]) -> tuple[list[Ints], list[Ints]]:
    """Return, level by level, the segments under each node, and under all nodes to its left (one more entry)."""
    none = np.zeros(0, dtype=np.int64)
    sizes, befores = [none], [np.zeros(1, dtype=np.int64)]
    for level in reversed(levels):
        before = befores[-1]
        sizes.append(level.n_slots + 1 + before.take(level.begin + level.n_slots) - before.take(level.begin))
        befores.append(np.concatenate([befores[0], sizes[-1].cumsum()]))
    return sizes[::-1], befores[::-1]


def with_root(grammar: TightGrammar) -> RuleTable:
    """Return the grammar's rules, and those of two new nonterminals, numbered n and n + 1.

    The first becomes a sentence and its separator; the second a single token, in place of what lies beyond a document.
    """
    table, n = grammar.table, len(grammar.start)
    starting = grammar.start[table.lhs] * table.probability
    from_start = starting > 0
    symbols = np.insert(table.symbols, table.offsets[1:], SEPARATOR)
    kept = np.repeat(from_start, table.lengths + 1)
    lengths = np.concatenate([table.lengths, table.lengths[from_start] + 1, [1]])
    return RuleTable(
        n_nonterminals=n + 2,
        lhs=np.concatenate([table.lhs, np.full(from_start.sum(), n), [n + 1]]),
        probability=np.concatenate([table.probability, starting[from_start], [1.0]]),
        offsets=np.concatenate([[0], lengths.cumsum()]),
        symbols=np.concatenate([table.symbols, symbols[kept], [1]]),
    )


def document_starts(tokens: Tokens, seq_len: int) -> tuple[NDArray[np.int64], int]:
    """Return where the whole documents of a stream start, and where the unfinished one does.

    A document starts at a sentence; the next one starts at the first sentence that begins outside it.
    """
    is_separator = (tokens == SEPARATOR).tobytes()
    starts, start = [], 0
    while start + seq_len <= len(tokens):
        starts.append(start)
        start = is_separator.index(1, start + seq_len - 1) + 1
    return np.array(starts, dtype=np.int64), start
