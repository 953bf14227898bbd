"""The words of Kontor as frozen types, and ids and keys as pure functions.

Everything here is safe inside a workflow: no input or output, no clock, no randomness, and no
import of any other folder. One file is one word of the glossary in `docs/glossary.md`.
"""
