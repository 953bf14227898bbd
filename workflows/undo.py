"""Undoing an ended case, or one effect of it, because a person asks: `kontor undo CASE --as NAME`.

It runs under the case's own workflow id, so that nothing can be undone while the case still runs,
two undos never run at once, and an answer to its question finds it as it found the case.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.case import CaseStatus
    from contracts.compensation import UndoCase, UndoReport
    from workflows.approval_gate import ApprovalGate
    from workflows.case_file import CaseFile
    from workflows.undoing import Undoing


@workflow.defn(name="UndoWorkflow")
class UndoWorkflow:
    """One undo: work out what can be taken back, ask policy and people, do it, report what stays."""

    @workflow.init
    def __init__(self, request: UndoCase) -> None:
        """Prepare what signal handlers need before `run` begins."""
        self.file = CaseFile.of(request.record)
        self.gate = ApprovalGate(self.file)

    @workflow.run
    async def run(self, request: UndoCase) -> UndoReport:
        """Undo, and leave the case `undone`, or as it was with a word of what remains."""
        self.file.happened("undo_asked", by=request.person, note=request.note, effects=list(request.keys))
        await self.file.note(CaseStatus.RUNNING, "undoing")
        undoing = Undoing(
            request.record.id,
            because="person",
            asked_by=request.person,
            file=self.file,
            gate=self.gate,
        )
        report = await undoing.undo(request.keys)
        await self.gate.finish()
        self.file.happened("undone", report=report.words(), complete=report.complete)
        status, outcome = end(request, report)
        if status is CaseStatus.UNDONE:
            self.file.amount_cents = 0
        await self.file.note(status, outcome)
        self.file.details(f"### {outcome}\n{report.words()}")
        return report


def end(request: UndoCase, report: UndoReport) -> tuple[CaseStatus, str]:
    """Return where the case stands after an undo, and the word for it."""
    if not report.undone:
        return request.record.status, request.record.outcome
    if report.complete and not request.keys:
        return CaseStatus.UNDONE, "undone"
    return request.record.status, "partly_undone"
