"""Pictures of results, with matplotlib and without a display: a module for each command's."""
