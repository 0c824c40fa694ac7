"""Training, against torch's optimiser, exact entropies, and itself: again, resumed, shared and stacked."""

import ast
import dataclasses
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from advisor.errors import AdvisorError
from calibration.grammars.sampling import sample_documents
from calibration.grammars.sets import named_set
from calibration.grammars.tilting import tilt
from calibration.training import train as training
from calibration.training.model import document_losses, initial_weights
from calibration.training.optimizer import State
from calibration.training.schedule import PAPER, TUNED, Recipe, make_schedule
from calibration.training.shape import model_shape
from calibration.training.step import step
from calibration.training.train import be_deterministic, evaluate, train, train_all
from calibration.training.trunk import DataSource, Run, Trunk
from tests.grammars.inside import document_cross_entropy
from tests.training.toy_training import PAIR, RUN, TOY, TOY_COUNTS, WILD, markov, toy, toy_source

TRAINING = ("shape", "execution", "elementwise", "model", "optimizer", "schedule", "capture", "trunk", "step", "train")


def test_training_steps_are_those_of_torchs_optimizer():
    trunk = toy()
    state = trunk.begin()
    weights = torch.nn.Parameter(initial_weights(TOY, [0]))
    optimizer = torch.optim.AdamW([weights], lr=0.02, betas=(0.9, 0.95), weight_decay=0)
    documents = trunk.sources[0].documents
    for number, warmup in enumerate((0.5, 1, 1)):
        optimizer.param_groups[0]["lr"] = 0.02 * warmup
        loss = document_losses(TOY, weights, documents[None, 4 * number : 4 * number + 4]).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([weights], 1.0)
        optimizer.step()
        assert step(trunk, state).item() == pytest.approx(loss.item(), rel=1e-5)
        torch.testing.assert_close(state.weights, weights.detach(), rtol=1e-4, atol=1e-6)
    assert (state.n_steps, state.n_documents) == (3, 12)


def test_a_markov_source_is_learned_to_its_entropy():
    stay, n_time = 0.9, 64
    documents = markov(5000 + 1000, n_time, stay=stay)
    source = DataSource(documents=documents[1000:], validation=documents[:1000])
    shape = model_shape(width=8, n_layers=1, n_heads=1, vocab_size=2, seq_len=n_time)
    plan = make_schedule(Recipe(batches=((0, 512),)), [300_000], seq_len=n_time)
    trunk = Trunk(shape=shape, plan=plan, runs=(Run(seed=0, rate=0.02),), sources=(source,))
    ((_, found),) = train_all(trunk)
    exact = -(stay * math.log(stay) + (1 - stay) * math.log(1 - stay))  # the first token, after a 0, too
    assert found.loss == pytest.approx(exact, rel=0.02)
    assert abs(found.loss - exact) < 4 * found.standard_error + 0.005 * exact
    assert found.train_loss == pytest.approx(exact, rel=0.1)
    assert (found.n_tokens, found.n_steps, found.few_steps) == (4687 // 8 * 8 * 64, 585, False)


def test_grammar_a2_is_learned_to_its_entropy():
    grammar = named_set("paper", seed=0)[1].grammar
    documents = sample_documents(tilt(grammar), n_documents=1200 + 256, seed=0)
    tokens = torch.from_numpy(documents).int()
    source = DataSource(documents=tokens[256:], validation=tokens[:256])
    shape = model_shape(width=16, n_layers=2, n_heads=1, vocab_size=grammar.n_terminals + 1)
    plan = make_schedule(TUNED, [300_000], seq_len=256)
    trunk = Trunk(shape=shape, plan=plan, runs=(Run(seed=0, rate=plan.recipe.peak_rate(16)),), sources=(source,))
    ((_, found),) = train_all(trunk)
    exact = document_cross_entropy(tilt(grammar), documents[:256]).mean()  # of the same documents: no sampling error
    assert found.loss == pytest.approx(exact, rel=0.02)
    assert found.loss > exact
    assert found.train_loss == pytest.approx(found.loss, rel=0.05)


def rows(trunk, **options):
    return [measurement for row in train(trunk, **options) for measurement in row]


def test_the_same_call_gives_the_same_bytes():
    be_deterministic()
    try:
        once, again = rows(toy()), rows(toy())
    finally:
        torch.set_deterministic_debug_mode("default")
    assert once == again
    assert [one.n_tokens for one in once] == [640, 1280, 2560]
    assert once[0].loss > once[1].loss > once[2].loss
    assert rows(toy([Run(seed=1, rate=0.02)])) != once


def test_a_count_is_measured_as_if_it_alone_were_asked():
    assert [one for count in TOY_COUNTS for one in rows(toy(counts=[count]))] == rows(toy())


def test_the_training_loss_is_that_of_the_last_twentieth():
    plan, seen = make_schedule(Recipe(batches=((0, 16),)), [2560], seq_len=16), []
    trunk = Trunk(shape=TOY, plan=plan, runs=(RUN,), sources=(toy_source(),))
    (one,) = rows(trunk, on_step=lambda progress: seen.append(progress.losses.item()))
    assert len(seen) == 160
    assert one.train_loss == pytest.approx(np.mean(seen[-8:]), rel=1e-6)


def test_data_beyond_a_count_is_not_read():
    source = toy_source()
    changed = source.documents.clone()
    changed[80:] = 0
    other = rows(toy(sources=[dataclasses.replace(source, documents=changed)]))
    assert other[:2] == rows(toy())[:2]  # 1280 tokens are 80 documents
    assert other[2] != rows(toy())[2]


def test_training_goes_on_from_a_saved_state(tmp_path):
    whole, saved = rows(toy()), []

    def save(progress):
        if progress.on_trunk:
            path = tmp_path / f"{progress.state.n_documents}.pt"
            torch.save(vars(progress.state), path)
            saved.append(path)

    assert rows(toy(), on_step=save) == whole
    assert len(saved) > 15
    starts = [branch.start for branch in toy().plan.branches]
    for path in saved:
        state = State(**torch.load(path, weights_only=True))
        left = [one for one, start in zip(whole, starts, strict=True) if start >= state.n_documents]
        assert rows(toy(), state=state) == left
        assert torch.equal(state.weights, torch.load(path, weights_only=True)["weights"])


def test_the_published_recipe_trains_each_count_alone_and_hardly_at_all():
    grammar = named_set("paper", seed=0)[2].grammar
    documents = sample_documents(tilt(grammar), n_documents=384 + 128, seed=0)
    tokens, steps = torch.from_numpy(documents).int(), []
    shape = model_shape(width=16, n_layers=2, n_heads=1, vocab_size=grammar.n_terminals + 1)
    runs = (Run(seed=0, rate=PAPER.peak_rate(16)),)
    source = DataSource(documents=tokens[128:], validation=tokens[:128])
    plan = make_schedule(PAPER, [50_000, 100_000], seq_len=256)
    trunk = Trunk(shape=shape, plan=plan, runs=runs, sources=(source,))
    found = rows(trunk, on_step=lambda progress: steps.append(progress.on_trunk))
    assert steps == [False] * (6 + 12)
    assert [one.few_steps for one in found] == [True, True]
    for one in found:  # a tuned run comes to about 1.2 nats with as many tokens
        assert 0.99 * math.log(shape.vocab_size) < one.loss < math.log(shape.vocab_size)


def test_each_step_is_reported():
    seen = []
    list(train(toy(), on_step=lambda p: seen.append((p.on_trunk, p.state.n_documents, p.losses.shape))))
    plan = toy().plan
    assert sum(on_trunk for on_trunk, _, _ in seen) > 15
    assert [n for on_trunk, n, _ in seen if on_trunk][-1] == plan.branches[-1].start
    assert [n for on_trunk, n, _ in seen if not on_trunk][-1] == plan.n_documents
    assert {size for _, _, size in seen} == {torch.Size([1])}


def test_a_stack_trains_each_model_as_alone():
    runs = [Run(seed=0, rate=0.02), Run(seed=1, rate=0.02), Run(seed=0, rate=0.01), Run(seed=0, rate=0.02)]
    sources = [toy_source(), toy_source(), toy_source(), toy_source(seed=7)]
    stacked = list(train(toy(runs, sources=sources)))
    for place, (run, source) in enumerate(zip(runs, sources, strict=True)):
        alone = rows(toy([run], sources=[source]))
        for together, one in zip((row[place] for row in stacked), alone, strict=True):
            assert together == dataclasses.replace(
                one,
                loss=pytest.approx(one.loss, rel=1e-4),
                standard_error=pytest.approx(one.standard_error, rel=1e-3),
                train_loss=pytest.approx(one.train_loss, rel=1e-4),
            )
    assert len({round(one.loss, 4) for one in stacked[-1]}) == 4


def test_validation_is_the_mean_over_documents():
    trunk = toy()
    weights = trunk.begin().weights + 0.1
    found = evaluate(trunk, weights)
    assert found.shape == (1, 128)
    expected = [document_losses(TOY, weights, one[None, None]).item() for one in trunk.sources[0].validation]
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)


def test_divergence_halves_the_rate_and_marks_the_row():
    good, wild = Run(seed=0, rate=0.02), Run(seed=0, rate=8.0)
    assert [one.diverged for one in rows(toy([wild]))] == [True] * 3
    found = list(train_all(toy([good, wild])))
    assert sorted((place, one.n_tokens) for place, one in found) == [(p, n) for p in (0, 1) for n in (640, 1280, 2560)]
    assert [one.run for place, one in found if place == 0] == [good] * 3
    for place, one in found:
        assert not one.diverged
        assert one.loss < math.log(5)
        assert one.run.rate == (8.0 if place else 0.02) / 2**one.run.halvings
        assert (one.run.halvings > 0) == (place == 1)


@pytest.fixture
def one_divergence(monkeypatch):
    """Seed 1 diverges at 1280 tokens, at its first rate, and seems to recover."""
    cool_down = training._cool_down

    def scripted(trunk, *rest):
        return tuple(
            dataclasses.replace(one, diverged=one.run.seed == 1 and not one.run.halvings and one.n_tokens == 1280)
            for one in cool_down(trunk, *rest)
        )

    monkeypatch.setattr(training, "_cool_down", scripted)


@pytest.mark.usefixtures("one_divergence")
def test_a_model_is_taken_from_its_halved_run_from_where_it_diverged():
    found = list(train_all(toy(PAIR)))
    assert [(place, one.n_tokens, one.run.halvings) for place, one in found] == [
        *((0, 640, 0), (1, 640, 0), (0, 1280, 0), (0, 2560, 0)),
        *((1, 1280, 1), (1, 2560, 1)),
    ]
    alone = rows(toy([Run(seed=1, rate=0.01, halvings=1)]))
    assert [one for place, one in found if place == 1][1:] == alone[1:]


def copied(stage):
    return dataclasses.replace(stage, state=stage.state.copy())


def stages_of(trunk):
    """Whatever is yielded, and each stage on the trunk with how much had been yielded by then."""
    found, stages = [], []
    for one in train_all(trunk, on_step=lambda p: stages.append((len(found), copied(p.stage))) if p.on_trunk else None):
        found.append(one)
    return found, stages


@pytest.mark.usefixtures("one_divergence")
def test_a_resumed_stack_goes_on_bit_for_bit_also_inside_a_halved_run():
    whole, stages = stages_of(toy(PAIR))
    assert {stage.runs for _, stage in stages} == {PAIR, (Run(seed=1, rate=0.01, halvings=1),)}
    assert {(stage.places, stage.since) for _, stage in stages} == {((0, 1), (0, 0)), ((1,), (1280,))}
    for n_before, stage in stages:
        assert list(train_all(toy(PAIR), stage=stage)) == whole[n_before:]


def test_stages_inside_stages_go_on_too():
    whole, stages = stages_of(toy(WILD))
    assert {stage.places for _, stage in stages} == {(0, 1, 2), (0, 2), (0,)}
    assert len(whole) == 9
    for n_before, stage in stages[::7]:
        assert list(train_all(toy(WILD), stage=stage)) == whole[n_before:]


@pytest.mark.usefixtures("one_divergence")
@pytest.mark.parametrize("n_known", range(7))
def test_what_is_known_is_not_measured_again_and_the_rest_is_the_same(n_known):
    whole = list(train_all(toy(PAIR)))
    known = {(place, one.n_tokens): one.run.halvings for place, one in whole[:n_known]}
    assert list(train_all(toy(PAIR), known=known)) == whole[n_known:]


def test_only_what_is_missing_is_trained():
    trunk, steps = toy(), []
    known = {(0, 640): 0, (0, 2560): 0}
    ((_, one),) = train_all(trunk, known=known, on_step=lambda p: steps.append(p.on_trunk))
    branch = trunk.plan.branches[1]
    assert one == rows(trunk)[1]
    assert len(steps) == branch.n_steps  # no other branch, and no trunk beyond this one
    assert list(train_all(trunk, known=known | {(0, 1280): 0}, on_step=pytest.fail)) == []


def test_a_model_that_always_diverges_is_said():
    with pytest.raises(AdvisorError) as error:
        list(train_all(toy([Run(seed=3, rate=1e9)], counts=[640])))
    assert str(error.value) == (
        "Training at width 8 with seed 3 diverges even at a learning rate of 3.1e+07: start from a lower one."
    )


@pytest.mark.parametrize("name", TRAINING)
def test_training_needs_numpy_and_torch_alone(name):
    tree = ast.parse((Path(training.__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    ours = {"advisor.errors", "advisor.quantities", "advisor.plan.shape"}
    ours |= {f"calibration.training.{each}" for each in ("device", "ranks", "sharded", *TRAINING)}
    assert {module.split(".")[0] for module in modules - ours} <= {"numpy", "torch"} | set(sys.stdlib_module_names)
