"""The foundation, which knows nothing about GANs: errors, the registry, files, locks, downloads, versions."""
