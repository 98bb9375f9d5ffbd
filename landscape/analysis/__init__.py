"""From records to frames to estimates with intervals. Never torch."""
