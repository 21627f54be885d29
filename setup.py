"""Says plainly which Python is needed: an older one's pip ends in riddles before it reads `requires-python`."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "squatscope needs Python 3.11 or later, and this is Python %d.%d: install a newer one, and call it by its name, "
        "as in 'python3.11 -m venv .venv'." % sys.version_info[:2]
    )

from setuptools import setup

setup()
