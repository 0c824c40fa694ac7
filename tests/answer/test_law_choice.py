"""Which law answers, with coefficients and without."""

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.calibrations.coefficients import load_coefficients
from advisor.calibrations.laws_in_h import law_at
from advisor.compressibility.protocol import DEFAULT_PROTOCOL
from advisor.errors import CoefficientsError, ProtocolMismatchError, UsageError
from advisor.laws.law_file import write_law
from advisor.laws.published import CHINCHILLA, HOFFMANN, chinchilla
from tests.answer.said import CORPUS, codes, message
from tests.calibrations.hand_made import calibration, document, write

pytestmark = pytest.mark.usefixtures("nothing_ships")


@pytest.fixture
def coefficients(tmp_path: Path) -> Path:
    return write(tmp_path / "coefficients.json", document())


def test_a_law_file_as_headline(tmp_path):
    write_law(replace(HOFFMANN, name="mine", source="my runs", verdict="caution"), tmp_path / "law.json")
    found = recommend(Request(flops=1e21, law=str(tmp_path / "law.json")))
    assert (found.headline.law, found.headline.n_params) == ("law.json", HOFFMANN.frontier(1e21).n_params)
    assert "chinchilla" in [answer.law for answer in found.laws[1:]]
    assert message(found, "law_verdict") == "The fit that gave law.json itself says: with caution."


def test_an_unknown_law_is_refused_with_the_known_ones():
    with pytest.raises(UsageError) as caught:
        recommend(Request(flops=1e21, law="nobody"))
    assert str(caught.value) == (
        "--law 'nobody' is neither a law nor a law file that exists: the laws are data, bytes, anchored, blend, gzip, "
        "chinchilla, hoffmann, hoffmann-table3, muennighoff, code, deepseek, kaplan."
    )


def test_without_coefficients_a_data_dependent_law_cannot_answer():
    with pytest.raises(CoefficientsError) as caught:
        recommend(Request(flops=1e21, law="gzip", compressibility=0.4))
    assert str(caught.value) == (
        "The law gzip needs data-dependent coefficients and none are installed: give a file of them with "
        "--coefficients, or use --law chinchilla."
    )
    with pytest.raises(UsageError) as usage:
        recommend(Request(flops=1e21, epsilon=0.5, compressibility=0.4))
    assert str(usage.value) == (
        "--epsilon weighs a calibration against its base, and the headline here is no law of one: name a calibration "
        "with --calibration or --coefficients, or a law, --law anchored or blend."
    )


def test_with_coefficients_anchored_is_the_headline(coefficients):
    found = recommend(Request(flops=1e21, coefficients=coefficients), profile=CORPUS)
    dependence = load_coefficients(coefficients).calibration().dependence
    at_h = law_at("anchored", dependence, chinchilla(), 0.4)
    assert (found.headline.law, found.calibration) == ("anchored", "hand-made")
    assert found.headline.n_params == at_h.law.frontier(1e21).n_params
    assert found.sensitivity == at_h.sensitivity(1e21)
    assert found.headline.interval80 is not None
    assert [answer.law for answer in found.laws][:6] == ["anchored", "blend", "gzip", "data", "bytes", "chinchilla"]
    assert found.headline.epochs == pytest.approx(found.headline.n_tokens / 1e10)
    assert not {"no_compressibility", "assumed_protocol"} & codes(found)
    assert message(found, "evidence_disagrees") == (
        "Published work on code (arXiv:2510.08702) finds it more data-hungry than text, against the rule of thumb that "
        "more compressible data prefers parameters."
    )


def test_following_plain_chinchilla_is_priced(coefficients):
    found = recommend(Request(flops=1e21, coefficients=coefficients), profile=CORPUS)
    plain = next(answer for answer in found.laws if answer.law == "chinchilla")
    assert plain.wasted is not None
    assert 0 < plain.wasted < 1


def test_epsilon_replaces_the_calibrations_own(coefficients):
    asked = Request(flops=1e21, coefficients=coefficients, compressibility=0.4, law="blend", epsilon=0)
    assert recommend(asked).headline.n_params == pytest.approx(CHINCHILLA.frontier(1e21).n_params)
    moved = recommend(replace(asked, epsilon=0.5)).headline.n_params
    assert moved != pytest.approx(CHINCHILLA.frontier(1e21).n_params, rel=1e-3)


def test_a_law_that_cannot_answer_at_this_h_is_left_out_and_said(coefficients):
    found = recommend(Request(flops=1e21, coefficients=coefficients, compressibility=0.85))
    assert "blend" not in [answer.law for answer in found.laws]
    assert message(found, "law_refused").startswith(
        "The law blend of the calibration hand-made has A = -50 at H = 0.85"
    )
    assert message(found, "compressibility_outside_range") == "H = 0.85 is outside the calibrated range, 0.2 to 0.6."
    with pytest.raises(CoefficientsError, match=r"has A = -50 at H = 0.85"):
        recommend(Request(flops=1e21, coefficients=coefficients, compressibility=0.85, law="blend"))


def test_without_a_compressibility_the_answer_is_chinchillas(coefficients):
    found = recommend(Request(flops=1e21, coefficients=coefficients))
    assert found.headline.law == "chinchilla"
    assert message(found, "no_compressibility") == (
        "Without a SOURCE, --profile or --compressibility the answer is that of web text."
    )
    with pytest.raises(UsageError) as caught:
        recommend(Request(flops=1e21, coefficients=coefficients, law="anchored"))
    assert str(caught.value) == (
        "The law anchored depends on the corpus: give a SOURCE, a --profile or --compressibility."
    )


def test_no_default_calibration(tmp_path):
    path = write(tmp_path / "c.json", document(default=None))
    found = recommend(Request(flops=1e21, coefficients=path, compressibility=0.4))
    assert found.headline.law == "data"
    assert message(found, "no_default_calibration") == (
        f"{path} names no default calibration: choose one with --calibration (hand-made)."
    )
    chosen = recommend(Request(flops=1e21, coefficients=path, compressibility=0.4, calibration="hand-made"))
    assert chosen.headline.law == "anchored"


def test_a_protocol_mismatch_is_an_error_where_the_answer_depends_on_it(coefficients):
    other = replace(CORPUS, protocol=replace(DEFAULT_PROTOCOL, seq_len=1000))
    for law in (None, "gzip"):
        with pytest.raises(ProtocolMismatchError, match="seq_len is 1000 where the coefficients have 256"):
            recommend(Request(flops=1e21, coefficients=coefficients, law=law), profile=other)
    found = recommend(Request(flops=1e21, coefficients=coefficients, law="chinchilla"), profile=other)
    assert "gzip" not in [answer.law for answer in found.laws]
    assert message(found, "protocol_mismatch") == (
        "The laws of the calibration hand-made are left out: seq_len is 1000 where the coefficients have 256."
    )
    # Nor does the default law know anything of such an H.
    with pytest.raises(ProtocolMismatchError, match="in another way than the six corpora of the law data: seq_len is"):
        recommend(Request(flops=1e21), profile=other)


def test_coefficients_of_native_ids_are_allowed_with_a_caution(tmp_path):
    native = calibration(protocol={**calibration()["protocol"], "tokenizer": None})
    path = write(tmp_path / "c.json", document(native))
    found = recommend(Request(flops=1e21, coefficients=path), profile=CORPUS)
    assert found.headline.law == "anchored"
    assert message(found, "native_ids") == (
        "The calibration hand-made was made on sources with token ids of their own, and the corpus was tokenized with "
        "mistral-v1."
    )


def test_a_calibration_of_other_tokens_answers_by_anchored_alone(tmp_path):
    path = write(tmp_path / "c.json", document(calibration(training_tokenizer="bytes")))
    found = recommend(Request(flops=1e21, coefficients=path, compressibility=0.4))
    same = write(tmp_path / "same.json", document(calibration()))
    assert found.headline == recommend(Request(flops=1e21, coefficients=same, compressibility=0.4)).headline
    assert not {"gzip", "blend"} & {answer.law for answer in found.laws}
    for law in ("gzip", "blend"):
        with pytest.raises(CoefficientsError) as caught:
            recommend(Request(flops=1e21, coefficients=path, compressibility=0.4, law=law))
        assert str(caught.value) == (
            f"The law {law} of the calibration hand-made counts bytes, as its models were trained on, and not tokens "
            "of mistral-v1: use --law anchored, which takes from it only how sources differ."
        )


def test_dropped_draws_are_said(tmp_path):
    made = calibration()
    made["regression"]["draws"][3][3] = -5.0
    path = write(tmp_path / "c.json", document(made))
    found = recommend(Request(flops=1e21, coefficients=path, compressibility=0.4, law="gzip"))
    assert message(found, "draws_dropped") == (
        "1 of 40 draws of the calibration give no law at H = 0.4; the interval is over the others, so it is too narrow."
    )
    for row in made["regression"]["draws"][:11]:
        row[3] = -5.0
    path = write(tmp_path / "c.json", document(made))
    found = recommend(Request(flops=1e21, coefficients=path, compressibility=0.4, law="gzip"))
    assert message(found, "draws_dropped") == (
        "11 of 40 draws of the calibration give no law at H = 0.4; so there is no interval."
    )
    assert found.headline.interval80 is None
