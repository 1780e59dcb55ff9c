"""The ``watchkeeper`` command."""

import sys

from watchkeeper.embedded.command import run

if __name__ == "__main__":
    sys.exit(run())
