"""Do an office's mailboxes fit its desks and its channels? Part of what `kontor check` says."""

import os
from collections.abc import Iterator
from pathlib import Path

from connectors.mailboxes.files import MailboxesFile
from connectors.manifest import read_manifests
from contracts.office import Problem
from service.sources import fields_that_lack, unknown_fields
from workflows.registry import DESKS


def check_mailboxes(office: Path) -> Iterator[Problem]:
    """Yield what is wrong with the mailboxes: in their file, and against desks and channels."""
    file = MailboxesFile(office)
    yield from file.problems
    if not file.mailboxes:
        return
    manifests = {found.manifest.name: found.manifest for found in read_manifests(office, os.environ)[0]}
    for name, box in file.mailboxes.items():
        manifest, desk = manifests.get(box.channel), DESKS.get(box.desk)
        if manifest is None:
            fix = f"connectors are: {', '.join(sorted(manifests))}"
            yield file.problem((name, "channel"), f"there is no connector {box.channel!r}", fix)
        if desk is None:
            yield file.problem(
                (name, "desk"), f"there is no desk {box.desk!r}", f"desks are: {', '.join(DESKS)}"
            )
            continue
        if manifest is not None and not desk.sources(manifest):
            what = f"the desk {desk.name} takes no requests from {box.channel}"
            yield file.problem((name, "channel"), what, "name another channel, or another desk")
        fields = desk.request.model_fields
        for field in unknown_fields(box.request, desk):
            fix = f"fields are: {', '.join(fields)}"
            yield file.problem((name, "request", field), f"a request has no field {field!r}", fix)
        if missing := fields_that_lack(box.request, desk):
            fix = "say where each stands, in JMESPath over what was read in the mail"
            yield file.problem((name, "request"), f"without {', '.join(missing)}", fix)
