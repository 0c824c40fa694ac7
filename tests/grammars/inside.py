"""Exact probabilities of sentences, of prefixes and so of documents, for grammars small enough.

The sums of Jelinek and Lafferty (1991) and Stolcke (1995), for rules of any length: in[i, j, A] is the probability that
A becomes exactly the tokens i..j-1; pre[i, A] that it becomes those from i to the last one and then anything. Rules are
merged into one trie of symbol sequences; F[j, v] is the probability that the sequence v becomes the tokens i..j-1, for
the i at hand. Chains of single nonterminals, and of left corners, are inverted matrices.
"""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np

from advisor.errors import GrammarError
from calibration.grammars.entropy import entropy_rate
from calibration.grammars.grammar import SEPARATOR
from calibration.grammars.sampling import Tokens
from calibration.grammars.tilting import Floats, Ints, TightGrammar

# About a minute of one core.
MAX_OPERATIONS = 3e10
# Numbers in one chart: 256 MB.
MAX_CHART = 2**25

Sentence = tuple[int, ...]


def document_cross_entropy(grammar: TightGrammar, documents: Tokens) -> Floats:
    """Return -ln P(document) / length in nats per token, for each row of ``documents``: the exact loss of the grammar.

    P is the product over the whole sentences of their probabilities and of the prefix probability of the cut one.

    Raises:
        GrammarError: the grammar is too large for charts of these sentences.
    """
    split = [_sentences(row) for row in documents.tolist()]
    whole = sorted({sentence for sentences, _ in split for sentence in sentences}, key=lambda s: (len(s), s))
    cut = sorted({rest for _, rest in split if rest}, key=lambda s: (len(s), s))
    chart = Chart(grammar)
    chart.check_cost([*whole, *cut])
    log_whole = dict(zip(whole, chart.log_probabilities(whole), strict=True))
    log_cut = dict(zip(cut, chart.log_probabilities(cut, prefix=True), strict=True)) | {(): 0.0}
    logs = [sum(map(log_whole.__getitem__, sentences)) + log_cut[rest] for sentences, rest in split]
    rates: Floats = np.array(logs) / -documents.shape[1]
    return rates


def _sentences(tokens: list[int]) -> tuple[list[Sentence], Sentence]:
    """Return the whole sentences of a document and the unfinished one, which may be empty."""
    ends = [position for position, token in enumerate(tokens) if token == SEPARATOR]
    begins = [0, *(end + 1 for end in ends)]
    return [tuple(tokens[b:e]) for b, e in zip(begins, ends, strict=False)], tuple(tokens[begins[-1] :])


class Chart:
    """The rules of one grammar as a trie, and the sums over it that the probabilities of token sequences need."""

    def __init__(self, grammar: TightGrammar) -> None:
        self.start = grammar.start
        rate = entropy_rate(grammar)
        # Each token's probability is multiplied by this, so that long sequences do not underflow.
        self.log_scale = rate if math.isfinite(rate) else 0.0
        self._build(grammar)

    def _build(self, grammar: TightGrammar) -> None:
        table, k = grammar.table, len(grammar.start)
        nodes: dict[tuple[int, int], int] = {}  # (parent, symbol) -> node; the root is -1
        complete: list[tuple[int, int, float]] = []
        through: list[tuple[int, int, float]] = []
        for lhs, p, begin, end in zip(table.lhs, table.probability, table.offsets, table.offsets[1:], strict=False):
            node = -1
            for symbol in table.symbols[begin:end].tolist():
                node = nodes.setdefault((node, symbol), len(nodes))
                through.append((lhs, node, p))
            complete.append((lhs, node, p))
        self.parent, self.symbol = (np.array(column) for column in zip(*nodes, strict=True))
        self.complete, self.through = np.zeros((len(nodes), k)), np.zeros((len(nodes), k))
        for lhs, node, p in complete:
            self.complete[node, lhs] += p
        for lhs, node, p in through:
            self.through[node, lhs] += p
        first, terminal = self.parent < 0, self.symbol > 0
        self.first_terminal, self.first_slot = np.flatnonzero(first & terminal), np.flatnonzero(first & ~terminal)
        self.later_terminal, self.later_slot = np.flatnonzero(~first & terminal), np.flatnonzero(~first & ~terminal)
        self.slot = np.where(terminal, 0, -self.symbol - 1)
        identity = np.eye(k)
        self.chains = np.linalg.inv(identity - self._corners(self.complete))
        self.corners = np.linalg.inv(identity - self._corners(self.through))

    def _corners(self, weights: Floats) -> Floats:
        """Return [B, A]: the weight in A of the nodes that are B alone."""
        corners = np.zeros((len(self.start), len(self.start)))
        corners[self.slot[self.first_slot]] = weights[self.first_slot]
        return corners

    def check_cost(self, sequences: list[Sentence]) -> None:
        """Raise GrammarError if the charts of these sequences take more than about a minute, or too much memory."""
        nodes, k = len(self.parent), len(self.start)
        longest = max(map(len, sequences))
        slots = len(self.later_slot)
        operations = sum(len(s) ** 3 / 6 * slots + len(s) ** 2 / 2 * (nodes * (k + 4) + k * k) for s in sequences)
        if operations > MAX_OPERATIONS or (longest + 1) ** 2 * k + (longest + 1) * nodes > MAX_CHART:
            raise GrammarError(
                f"Exact probabilities would take {operations:.1e} operations for sentences of up to {longest} tokens, "
                f"more than {MAX_OPERATIONS:.0e}: use fewer documents, a smaller grammar or the entropy bound."
            )

    def log_probabilities(self, sequences: list[Sentence], *, prefix: bool = False) -> list[float]:
        """Return ln P(sentence) of each, or, with ``prefix``, ln P(a sentence begins with it); -inf if impossible.

        Neighbours of one length share a chart, so sequences should come sorted by length.
        """
        logs: list[float] = []
        for n, group in groupby(sequences, key=len):
            same_length = list(group)
            step = max(1, MAX_CHART // ((n + 1) ** 2 * len(self.start) + (n + 1) * len(self.parent)))
            for begin in range(0, len(same_length), step):
                inside, before = self._fill(np.array(same_length[begin : begin + step]))
                scaled = (before[0] if prefix else inside[0, n]) @ self.start
                with np.errstate(divide="ignore"):
                    logs += (np.log(scaled) - n * self.log_scale).tolist()
        return logs

    def _fill(self, tokens: Ints) -> tuple[Floats, Floats]:
        """Return in, (n + 1, n + 1, batch, nonterminals), and pre, (n, batch, nonterminals), both scaled."""
        batch, n = tokens.shape
        inside = np.zeros((n + 1, n + 1, batch, len(self.start)))
        before = np.zeros((n + 1, batch, len(self.start)))
        match = (tokens.T[:, :, None] == self.symbol) * math.exp(self.log_scale)  # (n, batch, nodes)
        for i in range(n - 1, -1, -1):
            F = np.zeros((n + 1, batch, len(self.parent)))
            for j in range(i + 1, n + 1):
                self._extend(F, inside, match, i, j)
            before[i] = self._crossing(F, before, match, i) @ self.corners
        return inside, before

    def _extend(self, F: Floats, inside: Floats, match: Floats, i: int, j: int) -> None:
        """Fill F[j] and in[i, j] from what ends before j and what begins after i."""
        terminal, slot = self.later_terminal, self.later_slot
        if j == i + 1:
            F[j][:, self.first_terminal] = match[i][:, self.first_terminal]
        else:
            F[j][:, terminal] = F[j - 1][:, self.parent[terminal]] * match[j - 1][:, terminal]
            left, right = F[i + 1 : j][:, :, self.parent[slot]], inside[i + 1 : j, j][:, :, self.slot[slot]]
            F[j][:, slot] = np.einsum("mbs,mbs->bs", left, right)
        inside[i, j] = (F[j] @ self.complete) @ self.chains
        F[j][:, self.first_slot] = inside[i, j][:, self.slot[self.first_slot]]

    def _crossing(self, F: Floats, before: Floats, match: Floats, i: int) -> Floats:
        """Return for each nonterminal the probability that a symbol after the left corner reaches the last token."""
        n = len(F) - 1
        crossing = np.zeros(F.shape[1:])
        slot, terminal = self.later_slot, self.later_terminal
        if i == n - 1:
            crossing[:, self.first_terminal] = match[i][:, self.first_terminal]
        else:
            crossing[:, terminal] = F[n - 1][:, self.parent[terminal]] * match[n - 1][:, terminal]
            crossing[:, slot] = np.einsum(
                "mbs,mbs->bs", F[i + 1 : n][:, :, self.parent[slot]], before[i + 1 : n][:, :, self.slot[slot]]
            )
        return crossing @ self.through
