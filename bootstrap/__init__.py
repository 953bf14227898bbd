"""How settings become adapters: the one place that knows every implementation.

`installation.py` opens adapters at first use and closes them together, `records.py` is its part that
needs no more than SQL; `serving.py` makes of them the activities of each role, `runner.py` the sandbox
in which workflows run, `watching.py` what a worker's health is asked of.
"""
