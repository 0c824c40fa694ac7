"""Tables of runs as people write them: any usual format, delimiter and way to write a number, to rows and floats."""
