"""Scores samples under a protocol: any two sets, the samples of a trained model, and real samples, which give the floor."""

from landscape.evaluation.models import evaluate_model, floor, select_model
from landscape.evaluation.scoring import evaluate, require_scorable

__all__ = ["evaluate", "evaluate_model", "floor", "require_scorable", "select_model"]
