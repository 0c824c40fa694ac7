"""Whether a row can be what was trained: what its key, its shape and its vocabulary say against what it says itself.

A row's digest finds what was changed after it was written; this finds what no training writes, in older ledgers too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from advisor.errors import AdvisorError
from advisor.json_fields import Node
from advisor.quantities import plural
from calibration.lines.records import MOST_TOKENS, Row, read_recipe
from calibration.training.run_key import run_key
from calibration.training.schedule import MOST_STEPS, Branch, Recipe, Schedule, make_schedule
from calibration.training.shape import model_shape

LEAST_LOSS = 1e-6  # nats per token
LEAST_ERROR = 1e-9


def problem_of_row(row: Row) -> str | None:
    """Return why no training wrote this row, after "it"; None where one may have."""
    try:
        return next(_problems(row), None)
    except AdvisorError as error:
        return f"cannot have been trained ({str(error).rstrip('.')})"


def _problems(row: Row) -> Iterator[str]:
    shape = model_shape(
        width=row.width, n_layers=row.n_layers, n_heads=row.n_heads, vocab_size=row.vocab_size, seq_len=row.seq_len
    )
    for name in ("n_params", "n_non_embedding"):
        if (given := getattr(row, name)) != (found := getattr(shape, name)):
            yield f"says {name} {given:,}, and its shape has {found:,}"
    facts = Node(row.recipe, "its recipe", "", AdvisorError)
    recipe = read_recipe(facts)
    if recipe.most_steps(row.n_tokens, row.seq_len) > MOST_STEPS:
        yield f"says {plural(row.n_tokens, 'token')}, which nobody trains on in its batches"
    branch = _branch(replace(recipe, rate=None), row.n_tokens, row.seq_len)
    if branch.n_steps != row.n_steps:
        yield f"says {plural(row.n_steps, 'step')}, and its {plural(row.n_tokens, 'token')} take {branch.n_steps:,}"
    n_warmup = facts["n_warmup"].whole(0, MOST_TOKENS)
    plan = Schedule(recipe=recipe, seq_len=row.seq_len, branches=(branch,), n_warmup=n_warmup)
    key = run_key(
        data=row.data,
        shape=shape,
        seed=row.seed,
        plan=plan,
        branch=branch,
        rate=row.rate * 2**row.halvings,
        code=facts["training_version"].whole(1, MOST_TOKENS),
    )
    if key != row.key:
        yield "has a key that does not follow from its data, shape, seed, rate and tokens"
    if row.loss > math.log(row.vocab_size):
        most = f"ln {row.vocab_size:,} = {math.log(row.vocab_size):.4g}"
        yield f"says a loss of {row.loss:.4g} nats, and training that comes to more than {most} counts as diverged"
    if row.loss < LEAST_LOSS:
        yield f"says a loss of {row.loss:.4g} nats, and single precision knows none so small"
    if not LEAST_ERROR <= row.standard_error <= math.log(row.vocab_size):
        yield f"says a standard error of {row.standard_error:.4g} nats, which no mean over documents has"


@lru_cache(maxsize=4096)
def _branch(recipe: Recipe, n_tokens: int, seq_len: int) -> Branch:
    return make_schedule(recipe, [n_tokens], seq_len=seq_len).branches[0]
