"""`python -m coinfer.study`: run the notebooks whose inputs changed."""

import sys

from coinfer.study.command_line import main

sys.exit(main())
