"""The ledger of published numbers: what papers report, and how each row is run here or why it cannot be."""
