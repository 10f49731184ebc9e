"""The answers of the assignment ``transfer``."""

from autograder.grading.answers.base import Answer
from autograder.grading.answers.transfer import backbone, features, fine_tuning, head_loss

ANSWERS: dict[str, Answer] = {
    "replace_head": backbone.REPLACE_HEAD,
    "freeze_backbone": backbone.FREEZE_BACKBONE,
    "extract_features": features.EXTRACT_FEATURES,
    "softmax_head_loss": head_loss.SOFTMAX_HEAD_LOSS,
    "parameter_groups": backbone.PARAMETER_GROUPS,
    "fine_tune": fine_tuning.FINE_TUNE,
}
