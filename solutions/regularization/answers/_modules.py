"""Mistakes that the answers on dropout as a module of torch share."""

from autograder.grading.answer import Answer


def ill_mannered(answer: Answer) -> None:
    """What a layer that drops as it should may do wrong beside it: to x, to gradients, to dtypes."""
    answer.edited(
        "in-place", "x itself is changed",
        ("return x * keep / (1 - self.p)", "return x.mul_(keep).div_(1 - self.p)"),
        observed=True,
    )
    answer.edited(
        "detached", "no gradient comes back to x (is there a detach(), .data or torch.no_grad?)",
        ("return x * keep", "return x.detach() * keep"),
        observed=True,
    )
    answer.edited(
        "detached-in-evaluation", "no gradient comes back to x in evaluation (is there a detach(), .data or torch.no_grad?)",
        ("return x\n", "return x.detach()\n"),
        observed=True,
    )
    answer.edited("float64", "a float32 x comes back as float64", ("x * keep", "x.double() * keep"), observed=True)
