"""Feature extractors, one file each: the networks through which a score sees images."""

from landscape.components.extractors._base import (
    EXTRACTORS,
    Extractor,
    ExtractorFacts,
    Features,
    require_images,
)

__all__ = ["EXTRACTORS", "Extractor", "ExtractorFacts", "Features", "require_images"]
