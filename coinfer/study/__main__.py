"""`python -m coinfer.study`: run the notebooks whose inputs changed."""

import sys

from coinfer.study.runner import main

sys.exit(main())
