"""A source (files, folders, hub datasets, standard input) to sequences of token ids."""
