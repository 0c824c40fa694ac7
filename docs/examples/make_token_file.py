"""Write modules of Python's own library as a flat file of token ids, uint16, as nanoGPT has them.

python make_token_file.py train.bin
"""

import sys
import sysconfig
from array import array
from pathlib import Path

from advisor.corpus.tokenizer import load_tokenizer

END_OF_TEXT = 2  # Mistral-v1's </s>

tokenizer = load_tokenizer("mistral-v1")
ids = array("H")
for path in sorted(Path(sysconfig.get_path("stdlib")).glob("[a-h]*.py")):
    ids.extend(tokenizer.encode(path.read_text(encoding="utf-8")))
    ids.append(END_OF_TEXT)
Path(sys.argv[1]).write_bytes(ids.tobytes())
