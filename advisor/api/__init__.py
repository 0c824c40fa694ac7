"""The calls of ``import advisor``: what the commands do, with the words of their options as keywords."""
