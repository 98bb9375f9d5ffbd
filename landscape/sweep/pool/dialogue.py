"""Work in a thread of its own that stops to ask and goes on when it is answered.

Ray Tune calls a process step by step and hears what each step returns. A trial that asks at its rungs runs in such a thread, so that it
stays in memory between two steps. Ray Tune runs functions of its users in the same way.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Question = TypeVar("Question")
Result = TypeVar("Result")


class Dialogue(Generic[Question, Result]):
    """Starts `work` in a thread. It receives a function with which it asks, and which returns when `go_on` is called."""

    def __init__(self, work: Callable[[Callable[[Question], None]], Result]) -> None:
        self.result: Future[Result] = Future()
        """The result, or the error that ended the work, once `go_on` has returned None."""
        self._work = work
        self._said: queue.Queue[Question | None] = queue.Queue()
        self._answered: queue.Queue[None] = queue.Queue()
        self._asked = False
        threading.Thread(target=self._run, name="trial", daemon=True).start()

    def _run(self) -> None:
        try:
            self.result.set_result(self._work(self._ask))
        except BaseException as error:
            self.result.set_exception(error)
        self._said.put(None)

    def _ask(self, question: Question) -> None:
        self._said.put(question)
        self._answered.get()

    def go_on(self) -> Question | None:
        """Let the work go on, and return its next question, or None at its end."""
        if self._asked:
            self._answered.put(None)
        said = self._said.get()
        self._asked = said is not None
        return said
