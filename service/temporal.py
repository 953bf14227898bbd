"""How a process reaches Temporal, and what a namespace must know before work begins."""

import os
from collections.abc import Sequence

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client, Plugin
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from settings import Settings
from workflows.kernel import search_attributes


class ServerAway(RuntimeError):
    """No Temporal server answers; the message says where it was looked for."""


async def connect(
    settings: Settings, plugins: Sequence[Plugin] = (), runtime: Runtime | None = None
) -> Client:
    """Connect by the environment's `temporalio.envconfig` profile, else to the dev server.

    Args:
        settings: where the server is, unless the environment says it.
        plugins: the client's, and so its workers'.
        runtime: what logs and counts for the SDK's native part; the process's own if None.

    Raises:
        ServerAway: nothing answers at the address.
    """
    config = ClientConfig.load_client_connect_config() if _has_profile() else {}
    address = config.get("target_host") or settings.temporal_address
    config["target_host"] = address
    config.setdefault("namespace", settings.temporal_namespace)
    try:
        return await Client.connect(
            **config, data_converter=pydantic_data_converter, plugins=plugins, runtime=runtime
        )
    except RuntimeError as away:
        raise ServerAway(f"no Temporal server answers at {address}: {away}") from away


def _has_profile() -> bool:
    return any(
        name in os.environ for name in ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")
    )


async def check_search_attributes(client: Client) -> None:
    """Register Kontor's search attributes where the server does not have them.

    A workflow that sets an unregistered one is retried for ever, so a worker asks before it serves.

    Raises:
        RuntimeError: they are missing and may not be registered from here (Temporal Cloud): the
            message names them.
    """
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = {key.name: key for key in search_attributes.ALL if key.name not in listed.custom_attributes}
    if not missing:
        return
    wanted = {name: IndexedValueType.ValueType(key.indexed_value_type) for name, key in missing.items()}
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
        )
    except RPCError as error:
        names = ", ".join(missing)
        raise RuntimeError(f"register these search attributes first: {names} ({error.message})") from error
