"""Trials run in processes of Ray, on this machine or on a cluster. This folder holds Ray's and Ray Tune's part in a sweep."""
