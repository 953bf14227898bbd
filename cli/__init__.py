"""The command line, one file per noun; `app.py` puts them together."""
