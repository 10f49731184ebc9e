"""The exercises of the assignment ``transfer``, in the order of its notebook."""

from autograder.exercises.backbone import FREEZE_BACKBONE, PARAMETER_GROUPS, REPLACE_HEAD
from autograder.exercises.fine_tuning import FINE_TUNE
from autograder.exercises.head_training import EXTRACT_FEATURES, SOFTMAX_HEAD_LOSS

EXERCISES = [
    REPLACE_HEAD,
    FREEZE_BACKBONE,
    EXTRACT_FEATURES,
    SOFTMAX_HEAD_LOSS,
    PARAMETER_GROUPS,
    FINE_TUNE,
]
