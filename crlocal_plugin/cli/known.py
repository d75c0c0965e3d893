"""What help and options name of other floors, which take seconds to import.

``python tests/test_cli_help.py --write`` takes it from there.
"""

import json
from pathlib import Path

KNOWN = json.loads(Path(__file__).with_name("known.json").read_text(encoding="utf-8"))
