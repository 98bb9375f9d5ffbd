"""Protocol + real + generated samples -> scores: any two sets, a trained model, and the floor that real samples reach."""

from landscape.evaluation.models import evaluate_model, floor, select_model
from landscape.evaluation.scoring import evaluate, require_scorable

__all__ = ["evaluate", "evaluate_model", "floor", "require_scorable", "select_model"]
