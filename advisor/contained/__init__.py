"""Work that may end the interpreter, in a child process whose end is one sentence."""
