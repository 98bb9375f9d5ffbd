"""Where trials run: Ray's processes, on this machine or on a cluster, and Ray Tune's part in it."""
