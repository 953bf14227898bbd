"""What a worker tells of itself while it works: whether it lives, whether it is ready, how much waits.

`pulse.py` says whether the event loop moves, `standing.py` whether work can be given to the process,
`figures.py` counts, `server.py` answers over HTTP from a thread of its own, `address_book.py` keeps
where each worker of a machine answers, `systemd.py` tells the same to systemd.
"""
