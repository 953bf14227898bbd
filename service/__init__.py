"""Use cases without a screen: what command line, console and gateway have in common."""
