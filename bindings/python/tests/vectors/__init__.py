"""Runs the vectors (`tests/vectors/README.md`) through the package, with verbs that wait and with verbs to await."""
