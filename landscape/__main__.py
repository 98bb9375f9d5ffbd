"""`python -m landscape` is the `landscape` command."""

import sys

from landscape.cli.app import main

sys.exit(main())
