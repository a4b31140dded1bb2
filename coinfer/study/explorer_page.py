"""The explorer as a page on this machine alone: `python -m coinfer.study.explorer_page`, with options of Voila, such as --no-browser."""

import os
import sys
from pathlib import Path

from coinfer.validation import needs

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "05-explore.ipynb"


def main(arguments: list[str]) -> None:
    """Serve the page until stopped: every reader has a kernel of their own, and none runs what is not in the notebook."""
    with needs("pages"):
        from voila.app import Voila
    os.environ["JUPYTER_PATH"] = str(Path(__file__).parent / "page")  # where the template is
    Voila.launch_instance([str(NOTEBOOK), "--template=coinfer", "--Voila.ip=localhost", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
