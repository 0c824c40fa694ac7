"""How results look: rich tables, JSON documents, pictures. Nothing else in the package knows."""
