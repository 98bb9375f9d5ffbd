"""Architectures, one file each: a generator and a discriminator for every resolution that they support."""

from landscape.components.architectures._base import (
    ARCHITECTURES,
    ON_MAPS,
    ON_VECTORS,
    AdaptsToData,
    ArchitectureFacts,
    Constrains,
    Grows,
    Latent,
    Networks,
    Output,
    any_resolution,
)
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._image_conditions import GivenImage, JudgedPair
from landscape.components.architectures._networks import Discriminator, Generator

__all__ = [
    "ARCHITECTURES",
    "ON_MAPS",
    "ON_VECTORS",
    "TAKES_CLASS",
    "AdaptsToData",
    "ArchitectureFacts",
    "Constrains",
    "Discriminator",
    "Generator",
    "GivenImage",
    "Grows",
    "JudgedPair",
    "Latent",
    "Networks",
    "Output",
    "any_resolution",
    "takes_class",
]
