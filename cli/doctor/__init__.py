"""`kontor doctor`: what runs where, what is missing or stuck, and the next step for each problem.

`command.py` is the command, `finding.py` what it prints, `machine.py` looks at this installation's
parts, `server.py` at Temporal with its task queues and workers, `work.py` at cases and effects.
"""
