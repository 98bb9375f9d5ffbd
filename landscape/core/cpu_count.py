"""The number of processors that this process may use."""

import os


def cores() -> int:
    """Return the number of cores that this process may use, which a container or a scheduler may have limited."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
