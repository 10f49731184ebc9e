"""The instructor's side: answers, sandboxed runs, the nbgrader plug-in, results. Never shipped."""
