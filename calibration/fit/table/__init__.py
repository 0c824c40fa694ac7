"""Tables of runs as people have them: which columns are ours, what is derived from others, and in which units."""
