"""A request to an answer: the law that answers, N and D with intervals, and what to beware of."""
