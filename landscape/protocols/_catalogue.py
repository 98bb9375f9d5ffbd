"""The protocols as data. A note says where each comes from and what its scores are comparable with; notes are not identity."""

from collections.abc import Mapping
from typing import Any

CATALOGUE: Mapping[str, Mapping[str, Any]] = {
    "quick": {
        "note": (
            "This project's own, for small labelled data sets: the whole test split against as many generated samples, seen through the data"
            " set's classifier. Seconds on a CPU. Comparable with other `quick` scores of the same data and classifier, with no published number."
        ),
        "metrics": [
            "frechet",
            "kid",
            {"inception_score": {"splits": 1}},
            "precision_recall",
            "density_coverage",
            "ms_ssim",
        ],
        "extractor": "classifier",
        "objective": "FD[classifier]",
    },
}
