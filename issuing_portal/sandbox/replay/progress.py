"""A progress bar on standard error; where that is no terminal, a line at every tenth."""

import time
from collections.abc import Callable
from threading import Lock

WIDTH = 30


class Progress:
    """One bar. `write` takes text without adding to it; `step()` may be called from many threads."""

    def __init__(self, title: str, total: int, *, write: Callable[[str], None], terminal: bool) -> None:
        self.title, self.total, self.write, self.terminal = title, total, write, terminal
        self.done, self.shown = 0, -1
        self.began = 0.0
        self.lock = Lock()

    def step(self) -> None:
        """One more is done."""
        with self.lock:
            self.began = self.began or time.monotonic()
            self.done += 1
            share = self.done * (100 if self.terminal else 10) // max(self.total, 1)
            if share != self.shown or self.done == self.total:
                self.shown = share
                self._draw()

    def _draw(self) -> None:
        elapsed = time.monotonic() - self.began
        figures = f"{self.done:,} of {self.total:,}, {self.done / max(elapsed, 0.001):,.0f}/s, {elapsed:,.0f} s"
        if self.terminal:
            full = self.done * WIDTH // max(self.total, 1)
            self.write(f"\r  {self.title:<12}[{'#' * full}{'.' * (WIDTH - full)}] {figures}  " + ("\n" if self.done == self.total else ""))
        else:
            self.write(f"  {self.title}: {figures}\n")
