"""What data that are read more than once are worth: the limit, the table of epochs, advice, cautions."""
