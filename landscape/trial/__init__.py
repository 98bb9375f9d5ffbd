"""One trial, from a configuration and a protocol to a record with its checkpoints, pictures and scores."""
