"""One submission from file to result, and the worker processes that do it side by side."""
