"""The workflow runner stands on the SDK's inside: an SDK that moved it is noticed here."""

import inspect

import temporalio
from temporalio.worker import WorkflowInstance
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from bootstrap.runner import _Instance, workflow_runner


def test_the_sdk_asks_an_instance_exactly_what_the_runner_answers() -> None:
    asked = {
        name: str(inspect.signature(getattr(WorkflowInstance, name)))
        for name in (*WorkflowInstance.__abstractmethods__, "get_thread_id")
    }

    assert set(asked) == {
        "activate",
        "get_external_store_context",
        "get_info",
        "get_serialization_context",
        "get_thread_id",
    }, f"temporalio {temporalio.__version__} asks something else: read bootstrap/runner.py"
    assert set(asked) <= set(vars(_Instance))
    for name, signature in asked.items():
        ours = inspect.signature(getattr(_Instance, name)).parameters
        assert len(ours) == signature.count(",") + 1, f"{name}{signature}"


def test_the_sandbox_still_makes_instances_where_the_runner_wraps_them() -> None:
    assert list(inspect.signature(SandboxedWorkflowRunner.create_instance).parameters) == ["self", "det"]
    assert isinstance(workflow_runner(), SandboxedWorkflowRunner)
