"""What all workers import: imported once, by the process that they are forked from."""

import gc

from IPython.lib import lexers  # noqa: F401  # nbconvert imports it with the first page of feedback

from autograder.grading.intake import submission  # noqa: F401  # the configuration names it alone
from autograder.grading.submissions import planning  # noqa: F401

gc.collect()
gc.freeze()  # or a worker's first collection would go through all this, and copy it
