"""Archives of files: tar, WebDataset's samples in tar, zip."""
