"""The pulling-away term of EBGAN."""

from torch import Tensor
from torch.nn.functional import normalize

from landscape.components.numerics.precision import at_least_float32, full_precision
from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.errors import UserError
from landscape.core.registry import NonNegative


@REGULARIZERS.register(site="g_term", needs_features=True, least_batch=2, paper="Zhao et al. 2017, arXiv:1609.03126, section 2.4")
def pulling_away(critique: Critique, *, weight: NonNegative = 0.1) -> Tensor:
    """Pulling-away term: G lowers the mean squared cosine between features of different generated samples.

    The term is 1/(N (N - 1)) sum_{i != j} cos^2.

    Args:
        critique: D's view of the batch. The features [N, F] are those of D's last hidden layer; for an autoencoder they are its code.
        weight: The weight, 0.1 in the paper.

    Raises:
        UserError: D gives no features.
    """
    features = critique.fake_output.features
    if features is None:
        raise UserError("pulling_away reads features, D gives none: return them in its Output, or register it with has_features=False")
    with full_precision(features.device):
        directions = normalize(at_least_float32(features.flatten(1)), dim=1)
        cosines = directions @ directions.T
    n = len(cosines)
    return weight * (cosines.square().sum() - cosines.diagonal().square().sum()) / (n * (n - 1))
