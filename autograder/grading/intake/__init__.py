"""Whatever was handed in becomes a notebook with the release's cells and the student's answers."""
