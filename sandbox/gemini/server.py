"""A small server that speaks Gemini's REST, with faults on demand: `python -m sandbox.gemini --port 8401`.

Spoken: `generateContent`, `batchGenerateContent`, `batches` (get, list, cancel). Behind `/admin`: scripted
faults, the calls that came in, how long a batch takes.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import uvicorn
from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.gemini.rules import think
from sandbox.listening import in_thread, listener, port_of

KEY = "sandbox-gemini-key"
CHARACTERS_A_TOKEN = 4
KEPT_CALLS = 10_000
SHORTEST_KEPT_TOKENS = 1024
"""Shorter beginnings are not kept, as with Google's implicit caching on 2.5 Flash."""


class GeminiFault(StrEnum):
    """One way for a call to go wrong.

    `quota` asks to wait in the body (RetryInfo), `rate_limited` in the header. `malformed` is no
    JSON, `misfit` JSON of another form, `invented` an answer with facts from nowhere, `cut` a
    connection that closes without an answer, `garbled` an answer that is not the API's.
    """

    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    UNAVAILABLE = "unavailable"
    MALFORMED = "malformed"
    MISFIT = "misfit"
    INVENTED = "invented"
    TRUNCATED = "truncated"
    BLOCKED = "blocked"
    PROMPT_BLOCKED = "prompt_blocked"
    EMPTY = "empty"
    STALL = "stall"
    CUT = "cut"
    GARBLED = "garbled"
    BATCH_FAILED = "batch_failed"


class GeminiScript(BaseModel):
    """The next `times` calls meet this fault.

    Attributes:
        seconds: what a limit asks to wait, or how long a stall takes.
    """

    model_config = ConfigDict(extra="forbid")

    fault: GeminiFault
    times: int = Field(default=1, ge=1)
    seconds: float = Field(default=1.0, ge=0)


@dataclass
class Batch:
    """A batch job; its answers are there once `done_at` (monotonic seconds) has passed."""

    name: str
    model: str
    display_name: str
    requests: list[dict[str, Any]]
    done_at: float
    state: str = ""
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat())


class GeminiSandbox:
    """The server's state and routes."""

    def __init__(self, key: str = KEY, batch_seconds: float = 1.0) -> None:
        """Start with no faults.

        Args:
            key: the API key it expects; empty takes any.
            batch_seconds: how long a batch job takes.
        """
        self.key = key
        self._first_key = self.key
        self.batch_seconds = batch_seconds
        self.script: list[GeminiScript] = []
        self.calls: deque[dict[str, Any]] = deque(maxlen=KEPT_CALLS)
        self.done: Counter[str] = Counter()
        self.batches: dict[str, Batch] = {}
        self.prefixes: set[str] = set()

    def forget(self) -> None:
        """Be as just started."""
        for kept in (self.script, self.calls, self.done, self.batches, self.prefixes):
            kept.clear()
        self.key = self._first_key

    def application(self) -> Starlette:
        """Return the routes put together."""
        return Starlette(
            routes=[
                Route("/{version}/models/{call:path}", self._models, methods=["POST"]),
                Route("/{version}/batches", self._list),
                Route("/{version}/batches/{name}", self._get),
                Route("/{version}/batches/{name}", self._cancel, methods=["POST"]),
                Route("/admin/health", self._health),
                Route("/admin/script", self._add_script, methods=["POST"]),
                Route("/admin/calls", self._calls),
                Route("/admin/stats", self._stats),
            ]
        )

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"ready": True})

    async def _add_script(self, request: Request) -> Response:
        entry = GeminiScript.model_validate(await request.json())
        self.script.append(entry)
        return JSONResponse(entry.model_dump(mode="json"))

    async def _calls(self, _request: Request) -> Response:
        return JSONResponse(list(self.calls))

    async def _stats(self, _request: Request) -> Response:
        return JSONResponse(dict(self.done))

    def _next_fault(self) -> GeminiScript | None:
        for entry in self.script:
            entry.times -= 1
            if not entry.times:
                self.script.remove(entry)
            return entry
        return None

    async def _models(self, request: Request) -> Response:
        model, _, verb = request.path_params["call"].partition(":")
        if refused := self._refused(request):
            return refused
        body = json.loads(await request.body())
        if verb == "batchGenerateContent":
            return self._start(model, body["batch"])
        if verb != "generateContent":
            return error(404, "NOT_FOUND", f"no method {verb}")
        self.calls.append({"model": model, "body": body, "headers": _shown(request)})
        self.done["calls"] += 1
        entry = self._next_fault()
        if entry is not None:
            self.done[entry.fault.value] += 1
            struck = await self._struck(request, entry)
            if struck is not None:
                return struck
        return JSONResponse(generated(model, body, entry.fault if entry else None, self._known(body)))

    def _known(self, body: dict[str, Any]) -> int:
        """Return how many tokens of the request's beginning were sent before and are kept."""
        prefix = text_of([body.get("systemInstruction", {})])
        tokens = len(prefix) // CHARACTERS_A_TOKEN
        known = prefix in self.prefixes and tokens >= SHORTEST_KEPT_TOKENS
        self.prefixes.add(prefix)
        return tokens if known else 0

    async def _struck(self, request: Request, entry: GeminiScript) -> Response | None:
        """Return the answer of a fault that is not an answer of the model; None where it is one."""
        fault, seconds = entry.fault, entry.seconds
        if fault is GeminiFault.RATE_LIMITED:
            return error(429, "RESOURCE_EXHAUSTED", "too many", headers={"Retry-After": f"{seconds:g}"})
        if fault is GeminiFault.QUOTA:
            info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds:g}s"}
            return error(429, "RESOURCE_EXHAUSTED", "out of quota", details=[info])
        if fault is GeminiFault.UNAVAILABLE:
            return error(503, "UNAVAILABLE", "the model is overloaded")
        if fault is GeminiFault.GARBLED:
            return Response("<html>a proxy's page</html>", media_type="text/html")
        if fault is GeminiFault.CUT and request.client:
            await request.app.state.hang_up(tuple(request.client))
        if fault is GeminiFault.STALL:
            await asyncio.sleep(seconds)
        return None

    def _refused(self, request: Request) -> Response | None:
        given = request.headers.get("x-goog-api-key")
        if given == self.key or (given and not self.key):
            return None
        return error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")

    def _start(self, model: str, given: dict[str, Any]) -> Response:
        name = f"batches/{len(self.batches) + 1:06d}"
        requests = given["inputConfig"]["requests"]["requests"]
        batch = Batch(
            name,
            f"models/{model}",
            given.get("displayName", ""),
            requests,
            time.monotonic() + self.batch_seconds,
        )
        entry = self._next_fault()
        if entry is not None and entry.fault is GeminiFault.BATCH_FAILED:
            batch.state = "BATCH_STATE_FAILED"
        elif entry is not None and entry.fault is GeminiFault.UNAVAILABLE:
            # The cruel kind: it was made, and the caller is told that it was not.
            self.batches[name] = batch
            return error(503, "UNAVAILABLE", "try again")
        self.batches[name] = batch
        self.done["batches"] += 1
        return JSONResponse(operation(batch))

    async def _get(self, request: Request) -> Response:
        batch = self.batches.get(f"batches/{request.path_params['name']}")
        self.done["polls"] += 1
        if refused := self._refused(request):
            return refused
        return JSONResponse(operation(batch)) if batch else error(404, "NOT_FOUND", "no such batch")

    async def _list(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        return JSONResponse({"operations": [operation(batch) for batch in self.batches.values()]})

    async def _cancel(self, request: Request) -> Response:
        name = request.path_params["name"].removesuffix(":cancel")
        if f"batches/{name}" in self.batches:
            self.batches[f"batches/{name}"].state = "BATCH_STATE_CANCELLED"
        return JSONResponse({})


def generated(
    model: str, body: dict[str, Any], fault: GeminiFault | None = None, kept_tokens: int = 0
) -> dict[str, Any]:
    """Return the response of `generateContent`, or what a fault makes of it."""
    prompt = text_of(body.get("contents", [])[:1])
    schema = body.get("generationConfig", {}).get("responseJsonSchema", {})
    text, reason = json.dumps(think(schema, prompt), ensure_ascii=False), "STOP"
    if fault is GeminiFault.MALFORMED:
        text = text[:-2]
    elif fault is GeminiFault.MISFIT:
        text = json.dumps({"answer": "yes"})
    elif fault is GeminiFault.INVENTED:
        text = json.dumps({**json.loads(text), "sure": True, "why": "order W-9999 of 812.50 EUR is meant"})
    elif fault is GeminiFault.TRUNCATED:
        text, reason = text[:9], "MAX_TOKENS"
    elif fault is GeminiFault.BLOCKED:
        text, reason = "", "SAFETY"
    tokens_in = len(text_of(body.get("contents", []))) // CHARACTERS_A_TOKEN
    tokens_in += len(text_of([body.get("systemInstruction", {})])) // CHARACTERS_A_TOKEN
    tokens_out = len(text) // CHARACTERS_A_TOKEN
    usage = {
        "promptTokenCount": tokens_in,
        "candidatesTokenCount": tokens_out,
        "totalTokenCount": tokens_in + tokens_out,
    }
    if kept_tokens:
        usage["cachedContentTokenCount"] = kept_tokens
    answer: dict[str, Any] = {"usageMetadata": usage, "modelVersion": model}
    if fault is GeminiFault.PROMPT_BLOCKED:
        return {**answer, "promptFeedback": {"blockReason": "SAFETY"}}
    if fault is GeminiFault.EMPTY:
        return answer
    content = {"role": "model", "parts": [{"text": text}] if text else []}
    return {**answer, "candidates": [{"content": content, "finishReason": reason, "index": 0}]}


def operation(batch: Batch) -> dict[str, Any]:
    """Return a batch job as the API shows it: a long-running operation."""
    waiting = time.monotonic() < batch.done_at
    state = batch.state or ("BATCH_STATE_RUNNING" if waiting else "BATCH_STATE_SUCCEEDED")
    metadata: dict[str, Any] = {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
        "name": batch.name,
        "displayName": batch.display_name,
        "model": batch.model,
        "state": state,
        "createTime": batch.created,
        "updateTime": batch.created,
    }
    done = state != "BATCH_STATE_RUNNING"
    if state == "BATCH_STATE_SUCCEEDED":
        model = batch.model.removeprefix("models/")
        responses = [
            {"response": generated(model, each["request"]), "metadata": each.get("metadata", {})}
            for each in batch.requests
        ]
        metadata["output"] = {"inlinedResponses": {"inlinedResponses": responses}}
    return {"name": batch.name, "metadata": metadata, "done": done}


def text_of(contents: list[dict[str, Any]]) -> str:
    """Return the text of contents."""
    return "\n".join(part.get("text", "") for each in contents for part in each.get("parts", []))


def error(
    status: int,
    name: str,
    message: str,
    *,
    details: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return an error as Google's APIs write them."""
    body = {"code": status, "message": message, "status": name, "details": details or []}
    return JSONResponse({"error": body}, status, headers)


def _shown(request: Request) -> dict[str, str]:
    """Return the headers without the key."""
    return {name: value for name, value in request.headers.items() if name != "x-goog-api-key"}


@dataclass
class RunningGemini:
    """A running server and its state."""

    url: str
    state: GeminiSandbox


@contextmanager
def running(*, key: str = KEY, batch_seconds: float = 0.3) -> Iterator[RunningGemini]:
    """Run it in a thread of this process on a free port; raises RuntimeError if it does not start."""
    state = GeminiSandbox(key, batch_seconds)
    with in_thread(listener(state.application(), 0), "sandbox's Gemini") as port:
        yield RunningGemini(f"http://127.0.0.1:{port}", state)


async def _serve(server: uvicorn.Server) -> None:
    async def announce() -> None:
        while not server.started:
            if server.should_exit:
                return
            await asyncio.sleep(0.01)
        sys.stdout.write(f"Gemini's sandbox is ready on http://127.0.0.1:{port_of(server)}\n")
        sys.stdout.flush()

    await asyncio.gather(server.serve(), announce())


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="sandbox.gemini", description="Gemini's REST, small.")
    parser.add_argument("--port", type=int, default=8401, help="0 takes a free one")
    parser.add_argument("--batch-seconds", type=float, default=5.0, help="how long a batch job takes")
    parser.add_argument("--any-key", action="store_true", help=f"take any API key, not only {KEY}")
    given = parser.parse_args()
    state = GeminiSandbox("" if given.any_key else KEY, given.batch_seconds)
    asyncio.run(_serve(listener(state.application(), given.port)))
