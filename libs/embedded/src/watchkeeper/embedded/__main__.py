"""The ``watchkeeper`` command."""

import sys

from watchkeeper.embedded.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
