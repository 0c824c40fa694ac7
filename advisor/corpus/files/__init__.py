"""Which files a source means: folders, splits, cards, and what each file is by name and content."""
