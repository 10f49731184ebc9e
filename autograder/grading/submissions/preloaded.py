"""What all workers import: imported once, by the process that they are forked from."""

import gc

from autograder.grading.submissions import planning  # noqa: F401

gc.collect()
gc.freeze()  # or a worker's first collection would go through all this, and copy it
