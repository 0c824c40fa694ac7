"""Documents of a grammar as arrays of token ids: exactly ``seq_len`` tokens, sentences joined by 0, the last one cut.

A batch of derivation trees grows breadth-first, one numpy pass a level, and only nonterminals are ever stored: a rule
is a row of *segments*, the runs of terminals around and between its nonterminals (slots). Once the segments under each
node are counted, each one's place from left to right is known, and one gather writes the tokens of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.errors import GrammarError
from calibration.grammar import SEPARATOR
from calibration.tilting import Floats, RuleTable, TightGrammar

SEQ_LEN = 256
SHARD_DOCUMENTS = 2**14
# Expected tokens of a batch: its arrays stay in cache, and a numpy call is still cheap beside its work.
BATCH_TOKENS = 2**17

Tokens = NDArray[np.signedinteger[Any]]  # int16 where the ids fit, else int32
Indices = NDArray[np.int32]


def sample_documents(grammar: TightGrammar, *, n_documents: int, seed: int, seq_len: int = SEQ_LEN) -> Tokens:
    """Return the first ``n_documents`` documents of this seed, (documents, seq_len), shard after shard."""
    return np.concatenate(list(sample_shards(grammar, n_documents=n_documents, seed=seed, seq_len=seq_len)))


def sample_shards(grammar: TightGrammar, *, n_documents: int, seed: int, seq_len: int = SEQ_LEN) -> Iterator[Tokens]:
    """Yield the shards of a data set in order: SHARD_DOCUMENTS documents each, the last one shorter.

    Raises:
        GrammarError: fewer than one document, or documents of fewer than one token.
    """
    if n_documents < 1 or seq_len < 1:
        raise GrammarError(f"{n_documents} documents of {seq_len} tokens cannot be sampled: ask for at least 1 of 1.")
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
        self._choice = _cumulative(self.table)
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
        self._n_slots = n_slots.astype(np.int32)
        self._first_slot = first_slot.astype(np.int32)
        self.first_segment = (first_slot + np.arange(len(table.lhs))).astype(np.int32)
        self._segment_after = (np.arange(is_slot.sum()) + rule[is_slot] + 1).astype(np.int32)
        self._slot_nonterminal = (-table.symbols[is_slot] - 1).astype(np.int32)
        self._slot_offset = (np.arange(len(rule)) - table.offsets[rule])[is_slot].astype(np.int32)
        self.segment_tokens = n_tokens.astype(np.int32)
        self._segment_begin = (n_tokens.cumsum() - n_tokens).astype(np.int32)

    def stream(self, *, seed: int, shard: int) -> Iterator[Indices]:
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

    def write(self, segments: Indices) -> Tokens:
        """Return the tokens of a row of segments."""
        n_tokens = self.segment_tokens[segments]
        end = n_tokens.cumsum(dtype=np.int32)
        source = np.repeat(self._segment_begin[segments] - end + n_tokens, n_tokens)
        source += np.arange(len(source), dtype=np.int32)
        tokens: Tokens = self._terminals[source]
        return tokens

    def spread(self, segments: Indices, values: Floats) -> Floats:
        """Return for each token of a row of segments the sum of ``values`` of the segments that begin at it."""
        n_tokens = self.segment_tokens[segments]
        begin = n_tokens.cumsum() - n_tokens
        return np.bincount(begin, weights=values[segments], minlength=n_tokens.sum()).astype(np.float64)

    def _batch(self, rng: np.random.Generator) -> Indices:
        """Return one batch of sentences as segments from left to right."""
        rules, slots = self._grow(rng)
        sizes, befores = self._sizes(rules)
        row = np.empty(befores[0][-1], dtype=np.int32)
        place = befores[0][:-1]  # of each node's first segment, from the roots down
        for level, (rule, slot) in enumerate(zip(rules, slots, strict=True)):
            row[place] = self.first_segment[rule]
            n_slots, before = self._n_slots[rule], befores[level + 1]
            left = n_slots.cumsum(dtype=np.int32) - n_slots
            place = np.repeat(place + 1 - before[left] - left, n_slots) + before[:-1]
            place += np.arange(len(place), dtype=np.int32)
            row[place + sizes[level + 1]] = self._segment_after[slot]
        return row

    def _sizes(self, rules: list[Indices]) -> tuple[list[Indices], list[Indices]]:
        """Return, level by level, the segments under each node, and under all nodes to its left (one more entry)."""
        sizes, befores = [np.zeros(0, dtype=np.int32)], [np.zeros(1, dtype=np.int32)]
        for rule in reversed(rules):
            n_slots = self._n_slots[rule]
            end = n_slots.cumsum()
            size = n_slots + 1 + befores[-1][end] - befores[-1][end - n_slots]
            sizes.append(size)
            befores.append(np.concatenate([befores[0], size.cumsum(dtype=np.int32)]))
        return sizes[::-1], befores[::-1]

    def _grow(self, rng: np.random.Generator) -> tuple[list[Indices], list[Indices]]:
        """Return the rule of every node, level by level, and the slots of those rules (the nodes of the next level).

        Every symbol becomes at least one token, so a node with seq_len symbols to its left in its sentence lies beyond
        the document that the sentence begins in: it becomes one token, and trees stay finite work even at rho = 1.
        """
        rules, slots = [], []
        node = np.full(self.n_sentences, self.root, dtype=np.int32)
        left = np.zeros(self.n_sentences, dtype=np.int32)
        while len(node):
            rule = self._choose(rng, node)
            n_slots = self._n_slots[rule]
            begin = n_slots.cumsum(dtype=np.int32) - n_slots
            slot = np.repeat(self._first_slot[rule] - begin, n_slots)
            slot += np.arange(len(slot), dtype=np.int32)
            left = np.repeat(left, n_slots) + self._slot_offset[slot]
            node = self._slot_nonterminal[slot]
            node[left >= self.seq_len] = self.root + 1
            rules.append(rule)
            slots.append(slot)
        return rules, slots

    def _choose(self, rng: np.random.Generator, node: Indices) -> Indices:
        cumulative, last = self._choice
        rule = np.searchsorted(cumulative, node + rng.random(len(node)), side="right")
        return np.minimum(rule, last[node]).astype(np.int32)


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


def _cumulative(table: RuleTable) -> tuple[Floats, Indices]:
    """Return A + P(a rule of A up to this one) for every rule, which never falls along the table, and A's last rule."""
    end = np.searchsorted(table.lhs, np.arange(table.n_nonterminals), side="right")
    total = np.concatenate([[0.0], table.probability.cumsum()])
    begin = np.searchsorted(table.lhs, table.lhs)
    cumulative = np.minimum(table.lhs + total[1:] - total[begin], table.lhs + 1)
    cumulative[end - 1] = table.lhs[end - 1] + 1  # not rounded: no draw may fall beyond the last rule
    return cumulative, (end - 1).astype(np.int32)
