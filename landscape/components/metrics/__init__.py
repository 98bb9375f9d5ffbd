"""Metrics, one file each: pure functions of features or images that return Estimates."""

from landscape.components.metrics._base import (
    METRICS,
    Evidence,
    MetricFacts,
    SampleSet,
    need,
)

__all__ = ["METRICS", "Evidence", "MetricFacts", "SampleSet", "need"]
