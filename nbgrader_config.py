"""The course for nbgrader: `nbgrader autograde optimizers`, `nbgrader export` and the rest."""

from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader puts it here)

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
# `autograder release` builds the source folder from solutions/, and fills the release folder
c.CourseDirectory.source_directory = "_build/source"
c.CourseDirectory.release_directory = "_build/release"

c.Autograde.exporter_class = "autograder.grading.intake.submission.SubmissionExporter"
# no ClearOutput: outputs are dropped as a submission is read, but for sound pictures of demonstrations
c.Autograde.sanitize_preprocessors = [
    "autograder.grading.intake.submission.RepairSubmission",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "autograder.grading.recording.at_once.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "autograder.grading.running.execution.RunSubmission",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
    "autograder.grading.display.sanitize.SanitizeSubmission",
]

# the address of the book's pages (the site's, with book at its end), if they have one: then they are links
c.Students.site = ""
# where a student who has passed reads the reference's idea, a sentence from solutions/NAME/ideas.toml:
# "never", in the "feedback", or at once, in "check", too (released assignments hold it then)
c.Students.reference_ideas = "feedback"

c.AssignLatePenalties.plugin_class = (
    "autograder.grading.recording.late.LatePenalty"  # deadlines.toml
)
c.GenerateFeedback.preprocessors = [
    "autograder.grading.recording.at_once.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.GenerateFeedback.exporter_class = "autograder.grading.display.feedback_page.FeedbackPage"
