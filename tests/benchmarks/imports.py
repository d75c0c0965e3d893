"""Processor time of importing the package, as a ratio to gammapy's own import in the same run.

``python tests/benchmarks/imports.py`` starts fresh processes.
"""

import subprocess
import sys

import numpy as np

ALLOWED = 0.3
"""Seconds that the package may add."""

CODE = """
import time
start = time.process_time()
import gammapy.datasets, gammapy.estimators, gammapy.modeling
middle = time.process_time()
import crlocal_plugin
print(middle - start, time.process_time() - middle)
"""


def measure(runs=5):
    """Seconds of gammapy alone and of what the package adds, shape (runs, 2)."""
    texts = (
        subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True, text=True)
        for _ in range(runs)
    )
    return np.array([text.stdout.split() for text in texts], dtype=float)


if __name__ == "__main__":
    own, added = np.median(measure(), axis=0)
    print(f"gammapy {own:.2f} s, the package {added:.2f} s more: {1 + added / own:.2f} times")
    sys.exit(added > ALLOWED)
