"""Studies as data: from a YAML file to cells, and from a cell and a draw to the configuration of a trial."""
