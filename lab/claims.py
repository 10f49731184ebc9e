"""The lecture's claims, and what our measurements say of each."""

from html import escape

OUTCOMES = ("holds", "holds with a caveat", "does not hold here")

CLAIMS = {
    "O1": "On an ill-conditioned loss SGD zig-zags and crawls: its steps grow in proportion to the "
    "condition number; momentum brings them down to about its square root.",
    "O2": "Real networks are badly conditioned: the Hessian's eigenvalues span orders of magnitude.",
    "O3": "At a local minimum or a saddle the gradient is zero and SGD stops or stalls; momentum "
    "coasts through.",
    "O4": "In high dimension saddles are far more common than local minima.",
    "O5": "Mini-batch noise makes SGD wander and take longer; full-batch descent removes the noise "
    "but cures neither conditioning nor saddles.",
    "O6": "Momentum averages gradient noise out and cancels the zig-zag.",
    "O7": "Nesterov overshoots less than plain momentum; its two forms are the same algorithm.",
    "O8": "AdaGrad's effective step only shrinks: good when convex, it stalls on non-convex losses.",
    "O9": "RMSProp's leaky average removes the stall.",
    "O10": "Comparing optimizers at one shared learning rate is unfair; tune each.",
    "O11": "Without bias correction Adam's first steps are far too large.",
    "O12": "Adam's defaults work well across architectures.",
    "O13": "Adam scales axes, it cannot rotate: a turned ill-conditioned bowl stays hard.",
    "O14": "Too high a rate diverges, too low crawls; decay after a plateau gives a sudden drop, and "
    "matters more for SGD with momentum than for Adam.",
    "O15": "Newton's method needs no learning rate and reaches a quadratic's minimum in one step; in "
    "practice it needs damping, memory grows as N^2 and the solve as N^3.",
    "O16": "L-BFGS is excellent with the full batch and no noise, poor with mini-batches.",
}


def record(claim: str, outcome: str, measured: str) -> None:
    """State the outcome of a claim: glue ``{claim}-outcome`` and ``{claim}-measured``, show a card.

    ``outcome`` is one of ``OUTCOMES``; ``measured`` is one sentence with the figures, built from
    the variables of the cell that measured them. Raises ValueError for an unknown claim or outcome.
    """
    from IPython.display import HTML, display
    from myst_nb import glue

    if claim not in CLAIMS:
        raise ValueError(f"no claim {claim!r}; known: {', '.join(CLAIMS)}")
    if outcome not in OUTCOMES:
        raise ValueError(f"outcome {outcome!r} is not one of {', '.join(OUTCOMES)}")
    glue(f"{claim}-outcome", outcome, display=False)
    glue(f"{claim}-measured", measured, display=False)
    kind = ("holds", "caveat", "fails")[OUTCOMES.index(outcome)]
    display(
        HTML(
            f'<div class="claim claim-{kind}" id="claim-{claim}">'
            f"<p><strong>Claim {claim}.</strong> {escape(CLAIMS[claim])}</p>"
            f"<p><strong>Here: {escape(outcome)}.</strong> {escape(measured)}</p></div>"
        )
    )
