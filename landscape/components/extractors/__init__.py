"""Feature extractors, one file each: what a score looks through."""

from landscape.components.extractors._base import (
    EXTRACTORS,
    Extractor,
    ExtractorFacts,
    Features,
    require_images,
)

__all__ = ["EXTRACTORS", "Extractor", "ExtractorFacts", "Features", "require_images"]
