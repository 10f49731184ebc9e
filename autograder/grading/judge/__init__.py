"""From a run record to verdicts, without a kernel."""
