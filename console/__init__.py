"""The console: the web page where people of the staff work.

`places.py` lists its pages, one file each with one view model and one template; `application.py` puts them
together; `guard.py` and `visit.py` are what every request passes; `server.py` is how it runs.
"""
