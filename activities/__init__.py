"""Side effects, Temporal-facing and thin: each class takes its adapters in `__init__`.

`ports.py` holds the Protocols the adapters satisfy, `errors.py` the error tree.
"""
