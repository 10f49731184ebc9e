"""Runs a submission in a sandbox of its own, and probes what each exercise asks for; judges nothing."""
