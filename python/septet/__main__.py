"""`python -m septet` is the `septet` command."""

import sys

from septet.cli import main

if __name__ == "__main__":
    sys.exit(main())
