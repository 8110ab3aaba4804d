"""Command line of Atalaya: `python -m dashboard --help`.

This file runs on any Python, so that one that is too old can say so.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the point of this file
    found = "{0}.{1}".format(*sys.version_info)  # noqa: UP030 - likewise
    sys.stderr.write("Atalaya needs Python 3.11 or later, and this is " + found + ".\n")
    sys.exit(2)

from dashboard.commands import main

if __name__ == "__main__":
    main()
