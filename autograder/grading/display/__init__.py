"""What is shown: feedback, reports, the formgrader; nothing that a student wrote runs there."""
