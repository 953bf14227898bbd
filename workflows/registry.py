"""Every workflow a worker serves and `kontor replay` knows."""

from typing import Any

from workflows.divergence import DivergenceWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.returns import ReturnWorkflow

WORKFLOWS: tuple[type[Any], ...] = (ReturnWorkflow, ReconcileWorkflow, DivergenceWorkflow)
