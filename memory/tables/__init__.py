"""The authoritative tables, one noun a file; `every` imports all of them.

A store imports the tables that it needs: a table takes a millisecond or five to declare.
"""
