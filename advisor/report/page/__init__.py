"""One HTML page of results: the answer first, then why, how sure, what else, what to mind, and where it comes from."""
