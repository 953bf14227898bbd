"""Every workflow a worker serves and `kontor replay` knows."""

from typing import Any

from workflows.divergence import DivergenceWorkflow
from workflows.memory_rebuild import MemoryRebuildWorkflow
from workflows.model_batch import ModelBatchWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.returns import ReturnWorkflow
from workflows.undo import UndoWorkflow

WORKFLOWS: tuple[type[Any], ...] = (
    ReturnWorkflow,
    ReconcileWorkflow,
    DivergenceWorkflow,
    UndoWorkflow,
    MemoryRebuildWorkflow,
    ModelBatchWorkflow,
)
