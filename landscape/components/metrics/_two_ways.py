"""What scores of models share that translate between two sets of pictures."""

from landscape.components.metrics._base import BothWays, Evidence, need


def ways_of(evidence: Evidence, metric: str) -> BothWays:
    """Return what the model made in both directions.

    Raises:
        UserError: The model does not translate in two directions.
    """
    ways: BothWays = need(evidence.ways, "a model that translates between two sets of pictures (task unpaired)", metric)
    return ways
