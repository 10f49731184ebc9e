"""The lecture's claims, and what our measurements say of each."""

from html import escape

OUTCOMES = {
    "holds": "holds",
    "holds with a caveat": "caveat",
    "does not hold here": "fails",
    "undecided": "undecided",
}
# each with the short name that the style sheet knows it by

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
    "E1": "Averaging about ten independent models gains a consistent 2% or so (the notes say 1-2%).",
    "E2": "Snapshots of one run with a cyclic rate give much of that gain for the price of one "
    "training.",
    "E3": "Without cycling, snapshots of one run are too alike to help as much.",
    "E4": "An exponential moving average of the weights gives a smoother and slightly better model.",
    "E5": "The size of the gap between training and validation is not the goal; validation "
    "performance is.",
    "E6": "Early stopping costs nothing and removes most of the late overfitting.",
    "E7": "Ensembles of different hyperparameters do at least as well as copies.",
    "R1": "A larger penalty shrinks the weights and the gap.",
    "R2": "Dropout narrows the gap; training accuracy then stays below 100%.",
    "R3": "Dropout slows the convergence of the training loss but generalizes better.",
    "R4": "Scaling by the keep probability equals the expectation over masks exactly for a linear "
    "layer, only approximately for a deep network.",
    "R5": "Dropout acts like an ensemble: predictions averaged over masks beat one mask.",
    "R6": "Batch norm regularizes through the noise of the batch, less so as the batch grows.",
    "R7": "With batch norm, dropout is often unnecessary; it still helps when overfitting is strong.",
    "R8": "Augmentation that keeps the label raises test accuracy; averaging ten crops raises it "
    "again.",
    "R9": "DropConnect, fractional pooling, stochastic depth, cutout and mixup each regularize in "
    "the same way; cutout helps on small data.",
    "R10": "Features spread out under dropout: co-adaptation between units falls.",
    "T1": "That convolutional networks need a lot of data is a myth: with a pretrained backbone a "
    "handful of images a class suffices.",
    "T2": "With little, similar data, train only the last layer.",
    "T3": "With more data, fine-tune more layers, at a lower rate; too high a rate destroys the "
    "features.",
    "T4": "With little, different data the last layer alone may not be enough.",
    "T5": "With much data, fine-tuning everything pays off even when the data differ.",
    "T6": "Pretraining beats training from scratch in each cell of the table, least where data are "
    "plenty.",
    "H1": "The initial softmax loss is log C, and a network that cannot overfit a tiny sample has a "
    "bug.",
    "H2": "Random search beats a grid when few hyperparameters matter: nine trials try nine values "
    "of the important one, not three.",
    "H3": "The useful range is found by narrowing on a log scale.",
}


def record(claim: str, outcome: str, measured: str, *, no_contest: str = "") -> None:
    """State the outcome of a claim: show a card and glue ``{claim}-outcome``.

    ``outcome`` is one of ``OUTCOMES``: with a caveat where what was measured changes the advice,
    undecided where the interval leaves it open. ``measured`` is one sentence with the figures,
    built from the variables of the cell that measured them. ``no_contest`` says why contenders were
    not tuned by the rules of ``lab.contest``, for a claim that is not decided by such a contest; the
    card shows it, and a test asks for the one or the other. The card is glued as ``claim-{claim}``
    and carries both as its metadata, from which the table of all claims is made. Raises ValueError
    for an unknown claim or outcome.
    """
    from IPython.display import HTML
    from myst_nb import glue

    if claim not in CLAIMS:
        raise ValueError(f"no claim {claim!r}; known: {', '.join(CLAIMS)}")
    if outcome not in OUTCOMES:
        raise ValueError(f"outcome {outcome!r} is not one of {', '.join(OUTCOMES)}")
    glue(f"{claim}-outcome", outcome, display=False)
    why = (
        f'<p class="claim-no-contest">No tuned contest: {escape(no_contest)}</p>'
        if no_contest
        else ""
    )
    card = (
        f'<div class="claim claim-{OUTCOMES[outcome]}" id="claim-{claim}">'
        f"<p><strong>Claim {claim}.</strong> {escape(CLAIMS[claim])}</p>"
        f"<p><strong>Here: {escape(outcome)}.</strong> {escape(measured)}</p>{why}</div>"
    )
    glue(f"claim-{claim}", HTML(card, metadata={"outcome": outcome, "measured": measured}))
