"""What the words on the screens mean: the one source of `advisor explain` and of docs/glossary.md."""

from advisor.commands.glossary.answer_labels import ANSWER_LABELS
from advisor.commands.glossary.budget import BUDGET
from advisor.commands.glossary.cautions import CAUTIONS
from advisor.commands.glossary.certainty import CERTAINTY
from advisor.commands.glossary.corpus import CORPUS
from advisor.commands.glossary.corpus_labels import CORPUS_LABELS
from advisor.commands.glossary.laws import LAWS
from advisor.commands.glossary.named_laws import NAMED_LAWS
from advisor.commands.glossary.repetition import REPETITION
from advisor.commands.glossary.run_labels import RUN_LABELS
from advisor.commands.glossary.runs import RUNS

WORDS = (CORPUS, BUDGET, LAWS, NAMED_LAWS, CERTAINTY, REPETITION, RUNS)
LABELS = (ANSWER_LABELS, CORPUS_LABELS, RUN_LABELS)
SECTIONS = (*WORDS, *LABELS, CAUTIONS)
