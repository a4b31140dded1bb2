"""`python -m coinfer.study`: run the notebooks whose inputs changed."""

import os
import sys

if sys.getfilesystemencoding() != "utf-8":  # an ASCII locale; names of files may have any letters
    os.execv(sys.executable, [sys.executable, "-X", "utf8", "-m", "coinfer.study", *sys.argv[1:]])

from coinfer.study.command_line import main

sys.exit(main())
