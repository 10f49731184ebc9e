"""nbgrader's gradebook, for a process that opens it for one submission after the other."""

from functools import cache

from nbgrader.api import Gradebook
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import scoped_session, sessionmaker


class KeptGradebook(Gradebook):
    """A gradebook whose tables are looked for once in the life of a process.

    What SQLAlchemy has made of nbgrader's queries is kept, too; no connection is.
    """

    def __init__(self, db_url: str, course_id: str = "default_course") -> None:
        self.engine = _engine(db_url, course_id)
        self.db = scoped_session(sessionmaker(bind=self.engine, autoflush=True, future=True))
        self.course_id = course_id
        self.authenticator = None


@cache
def _engine(db_url: str, course_id: str) -> Engine:
    Gradebook(db_url, course_id).close()  # makes what is not there yet
    return create_engine(db_url, future=True)
