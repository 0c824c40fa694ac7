"""What a result shows of itself: in one line, as a screen, as a table of a notebook, as JSON, as a data frame."""
