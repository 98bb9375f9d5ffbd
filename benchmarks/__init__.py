"""Speed compared with named peers in the same run, as ratios and not as seconds."""
