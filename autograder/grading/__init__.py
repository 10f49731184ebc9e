"""The instructor's side: answers, sandboxed runs, the nbgrader plug-in, results. Never shipped."""

import sys

# What checks that addresses in JSON are well-formed, which nobody asks for here, builds its grammar
# when jsonschema imports it: more than a second of each process.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
