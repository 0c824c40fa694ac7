"""One module per command; each has a click command called ``command``. Only these and ``advisor.cli`` know click."""
