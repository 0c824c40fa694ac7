"""Small grammars whose entropies and ends are known in closed form."""

from calibration.grammars.grammar import Grammar, Rule

# S -> 1 S | 2: a run of 1s, geometric, and a 2.
RUN = Grammar(n_terminals=2, start=(1,), rules=((Rule(3, (1, -1)), Rule(1, (2,))),))
# Ambiguous, left- and right-recursive, with a chain of single nonterminals and rules of one to three symbols.
MIXED = Grammar(
    n_terminals=2,
    start=(2, 1),
    rules=(
        (Rule(1, (-2, -1)), Rule(3, (-2,)), Rule(1, (1, -2, 2))),
        (Rule(2, (1,)), Rule(1, (2,)), Rule(1, (-1, 1))),
    ),
)


def binary(branch: int, stop: int) -> Grammar:
    """S -> S S | 1 with these weights."""
    return Grammar(n_terminals=1, start=(1,), rules=((Rule(branch, (-1, -1)), Rule(stop, (1,))),))
