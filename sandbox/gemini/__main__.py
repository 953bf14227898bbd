"""`python -m sandbox.gemini`."""

from sandbox.gemini.server import main

main()
