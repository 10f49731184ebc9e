"""Whether a probe works where no student's code ran: if it does not, that is no student's fault.

What a student's process says of this would prove nothing: it could make any probe fail.
"""

from nbformat import NotebookNode

from autograder.grading.judge.verdicts import replies
from autograder.grading.running.sandbox import START_SECONDS
from autograder.grading.running.session import CellTimeout, KernelDied, Session


def why_it_fails(session: Session, code: str, outputs: list[NotebookNode]) -> str:
    """Why the code of a probe brings nothing home in a fresh kernel either, empty if it does.

    ``outputs`` are what it brought home in the kernel of a session: if all is well, none is started.
    """
    if replies(outputs):
        return ""
    with Session(session.handout, None, session.alone) as fresh:
        try:
            outputs = fresh.run(code, START_SECONDS, silent=True)
        except (CellTimeout, KernelDied) as stopped:
            return str(stopped)
    if replies(outputs):
        return ""
    errors = [f"{o.ename}: {o.evalue[:300]}" for o in outputs if o.output_type == "error"]
    return errors[0] if errors else "it brings nothing home"
