"""The instructor's side: answers, sandboxed runs, the nbgrader plug-in, results. Never shipped."""

import sys

# jsonschema takes it along where it is there, for a format that no notebook uses: a second to import
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
