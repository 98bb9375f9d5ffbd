"""Studies as data: from a YAML file to cells, and from a cell and proposed values to the configuration of a trial."""
