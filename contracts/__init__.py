"""The words of Kontor as frozen types, and ids and keys as pure functions.

Everything here is safe inside a workflow: no input or output, no clock, no randomness, and no
import of any other folder. `docs/glossary.md` says each word in a sentence or two; a
word that it does not have is no name for a type.

A module imports only what stands above it in this list:

- `base`: what every type here is: immutable, closed, compared by value; hashes of content.
- `bounds`: how large one item may be, and texts without what no record can hold.
- `printable`: strangers' texts without what steers a terminal.
- `counted`: how many of a thing there are, as people say it.
- `field_errors`: what does not fit a type, in words.
- `ids`: ids, keys and task queues, as functions of the case.
- `installation`: which installation books are, and whose a Temporal namespace is.
- `proof`: who said what, by the word of the door they came through.
- `office`: an office's files and version, what is wrong with it, and its releases.
- `json_lines`: files of documents, one a line, with a line for every complaint.
- `toml_lines`: the office's files, read into a type, with a line for every complaint.
- `notation`: how an outside system writes times, amounts and ids.
- `told`: what an outside system says, read by its notation.
- `money`: minor units, currencies, amounts in words.
- `failure`: what went wrong in a call, and whether it may have been applied.
- `evidence`: what a decision stands on.
- `decision`: a question to a model or a person, and the answer with its provenance.
- `model_batch`: questions that can wait for a provider's batch job.
- `budget`: what models may spend.
- `embedding`: texts as vectors.
- `memory`: what is remembered, recalled and forgotten.
- `listing`: what an outside system itself says happened.
- `connector`: what an outside system can do, as its manifest declares it.
- `manifest`: `connector.Manifest` by the name that programs outside import it by.
- `admission`: what is on record of a case, whoever speaks of it.
- `waits`: how long something outside is waited for.
- `photo`: what a customer's picture is and where it lies.
- `reply`: what a customer is asked back, and what they reply.
- `parcel`: goods that come back, as people speak of them.
- `event`: something that happened outside, and what became of it.
- `source`: who sends events, how they are proved and read, and what is done about each type.
- `mailbox`: where mail comes in, and what a mail in it asks for.
- `wording`: a message to a customer, before the office's own words are put to it.
- `conversation`: what customers say turn by turn, and who answers.
- `shares`: what effects are done for, and what our books say of it.
- `effect`: one change in the outside world, its permit and its receipt.
- `ledger`: what is known of each effect, and what may be done next.
- `case`: one unit of work, and its episodes.
- `subscription`: who is told which episodes, and what is on its way there.
- `undo`: what takes an effect back, and what stays.
- `authorization`: plans, verdicts and what they allow.
- `approvals`: people who are asked, and what their answers bring: `request`, `messages`, `rules`, `queue`,
  `overrides`, `token`, `proof`.
- `carry`: what a run of a case that waits hands to the next.
- `offer`: what a channel must offer for a desk.
- `session`: who is at the console: invitations, passkeys, sessions.
- `desk`: one kind of work, declared as data that the whole office reads.
- `reconciliation`: differences between our records and the outside world's, and accounting lines.
"""
