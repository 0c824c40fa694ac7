"""Token ids as pretraining stores them: flat arrays, arrays with an index of documents, shards of records."""
