"""A whole class: the command, the terminal, this machine's workers or a cluster's."""
