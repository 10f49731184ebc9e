"""One submission from file to result, and the worker processes that do it side by side."""

TASKS = __name__  # where what workers do is looked up: the command imports none of it
