"""``python -m watchkeeper.recorder``."""

from watchkeeper.common.service import run
from watchkeeper.recorder.service import main
from watchkeeper.recorder.settings import RecorderSettings

if __name__ == "__main__":
    run(main, RecorderSettings)
