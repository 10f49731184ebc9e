"""``python -m autograder`` is the console script ``autograder``."""

from autograder.grading.cli import main

raise SystemExit(main())
