"""``python -m autograder.grading`` is the console script ``autograder``."""

from autograder.grading.cli import main

raise SystemExit(main())
