"""Make the SentencePiece models of the calibrations `subword` and `tokens-or-bytes` from ``make_text_corpora.py``'s.

python docs/make_pieces.py FOLDER

`subword` has one model of 4,096 pieces, of all corpora; `tokens-or-bytes` one of 512, of 2,048 and of 8,192 pieces, of
its three corpora. Each corpus gives as many bytes, TRAINING_BYTES, in the order of its documents, which is random. The
models are byte-pair encodings with digits split and byte fallback, as Mistral-v1's, but the text is not normalised. The
same corpora and version of sentencepiece give the same files, whose SHA-256 is printed.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from advisor.data_files import write_atomically

CALIBRATIONS = Path(__file__).resolve().parent.parent / "data" / "calibrations"
TRAINING_BYTES = 4_000_000
LONGEST = 4_000  # bytes of a line: sentencepiece leaves out what is longer than it is told
# The share of the text's characters that have a piece of their own; others are bytes, which costs nothing in ASCII. The
# fewer pieces there are, the fewer can go to single characters.
COVERAGE = {512: 0.98, 2048: 0.99, 4096: 0.995, 8192: 0.999}
ISO_TOKENS = ("c", "english", "html")


def lines(corpus: Path) -> Iterator[str]:
    """Yield the lines of a corpus's first documents, TRAINING_BYTES of them, long ones in parts."""
    n_bytes = 0
    with corpus.open(encoding="utf-8") as documents:
        for document in documents:
            for line in json.loads(document)["text"].split("\n"):
                for begin in range(0, len(line), LONGEST // 4):
                    part = line[begin : begin + LONGEST // 4]
                    n_bytes += len(part.encode())
                    if n_bytes > TRAINING_BYTES:
                        return
                    yield part


def model(corpora: Sequence[Path], n_pieces: int) -> bytes:
    """Return the SentencePiece model of this many pieces, of equal bytes of each corpus."""
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line for corpus in corpora for line in lines(corpus)),
        model_writer=written,
        vocab_size=n_pieces,
        model_type="bpe",
        character_coverage=COVERAGE[n_pieces],
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        max_sentence_length=LONGEST,
        num_threads=1,
        minloglevel=2,
    )
    return written.getvalue()


def main() -> None:
    """Write the models, and print what they are."""
    folder = Path(sys.argv[1])
    names = sorted(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    made = [("subword", names, 4096), *(("tokens-or-bytes", ISO_TOKENS, n) for n in (512, 2048, 8192))]
    for calibration, corpora, n_pieces in made:
        if missing := [name for name in corpora if not (folder / f"{name}.jsonl").is_file()]:
            raise SystemExit(f"{folder} has no {missing[0]}.jsonl: make it with docs/make_text_corpora.py first.")
        found = model([folder / f"{name}.jsonl" for name in corpora], n_pieces)
        path = CALIBRATIONS / calibration / f"pieces-{n_pieces}.model"
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, found)
        print(f"{calibration}/{path.name}: {len(found):,} bytes, SHA-256 {hashlib.sha256(found).hexdigest()}")


if __name__ == "__main__":
    main()
