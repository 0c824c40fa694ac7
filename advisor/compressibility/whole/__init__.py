"""All of a corpus measured: cut into shards, each by any process, and added up to one profile."""
