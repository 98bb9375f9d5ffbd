"""Makes `python -m landscape` the `landscape` command."""

import sys

from landscape.cli.app import main

sys.exit(main())
