"""The schemas of documents and files."""
