"""Entry of `python -m lmis.translations`."""

import sys

from lmis.translations import main

sys.exit(main(sys.argv[1:]))
