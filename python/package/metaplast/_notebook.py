"""tqdm's bar in a notebook, as HTML of its own."""

from __future__ import annotations

import html
import io
from typing import Any, Optional

from IPython.display import display
from tqdm import tqdm


class NotebookBar(tqdm):  # type: ignore[misc]
    """One line that changes. tqdm's own needs ipywidgets, without which it leaves a line for
    every change in an exported notebook, and with which it leaves nothing there."""

    def __init__(self, **options: Any) -> None:
        self._handle: Optional[Any] = None
        super().__init__(file=io.StringIO(), **options)

    def display(self, msg: Optional[str] = None, pos: Optional[int] = None) -> bool:
        """Shows how far it is; tqdm calls this when it is time to."""
        text = msg or str(self)
        bar = f"<progress max='{self.total}' value='{self.n}'></progress>"
        shown = {"text/plain": text, "text/html": f"{bar} <small>{html.escape(text)}</small>"}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(shown, raw=True)
        return True
