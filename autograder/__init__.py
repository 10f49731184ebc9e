"""Checks for the course's assignments: ``check(adam)`` says at once what is right and what is not."""

from autograder.check import NotYet, check

__all__ = ["NotYet", "check"]
