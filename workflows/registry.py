"""Every workflow a worker serves and `kontor replay` knows."""

from typing import Any

from workflows.returns import ReturnWorkflow

WORKFLOWS: tuple[type[Any], ...] = (ReturnWorkflow,)
