"""What knows nothing of GANs: errors, the registry, files, locks, versions."""
