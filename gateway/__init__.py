"""The door for events: a small HTTP server that keeps what sources send before it says yes.

`application.py` is what it answers, `server.py` how it runs, `command.py` the command `kontor gateway`.
"""
