"""What explanations, exports, imports and copies answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Optional

from ._native import Secret
from ._results import Metadata
from .exceptions import Error

Loss = Literal["provider", "scope_of_use", "labels", "expires_at", "history"]


@dataclass(frozen=True)
class ExplainStep:
    """One place where a secret was looked for."""

    #: The key that was looked for.
    key: str
    #: The word of the backend that was asked.
    backend: str
    answer: Literal["found", "expired", "absent", "failed", "not_asked"]
    #: Why it could not tell, where the answer is ``failed``.
    error: Optional[Error]
    #: Whether it is a failure that a read passes over, as the settings allow.
    passed_over: bool
    #: Whether a read never comes to what is here, because an earlier step decides.
    shadowed: bool
    #: How long the answer took.
    took: timedelta
    #: Where exactly the backend looked, where it says so: a variable's name, a file's path.
    detail: Optional[str]
    #: What is known about the secret that was found.
    metadata: Optional[Metadata]

    def _row(self, is_answer: bool) -> tuple[str, ...]:
        if is_answer:
            meaning = "the answer"
        elif self.shadowed:
            meaning = "shadowed"
        elif self.passed_over:
            meaning = "passed over"
        else:
            meaning = "ends the search" if self.error is not None else "-"
        answer = self.answer.replace("_", " ") if self.error is None else str(self.error)
        micros = self.took // timedelta(microseconds=1)
        took = f"{micros}us" if micros < 10_000 else f"{micros // 1000}ms"
        return self.key, self.backend, self.detail or "-", answer, took, meaning


@dataclass(frozen=True)
class Explanation:
    """Every place where a secret was looked for, in the order of a read, and how that read ends. Never a value.

    ``print`` shows it as a table.
    """

    steps: tuple[ExplainStep, ...]
    #: The place in ``steps`` of the one whose secret a read comes to, an expired one too.
    answer: Optional[int]
    #: What a read fails with. Without it and without an answer there is no such secret.
    error: Optional[Error]

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [("KEY", "BACKEND", "WHERE", "ANSWER", "TIME", "MEANING")]
        rows += [step._row(place == self.answer) for place, step in enumerate(self.steps)]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        if self.error is not None:
            lines.append(f"a read fails with {self.error}")
        elif self.answer is None:
            lines.append("there is no such secret")
        return "\n".join(lines)


@dataclass(frozen=True)
class Exported:
    """A secret in a document."""

    key: str
    #: Its name in the document.
    name: str
    #: Whether the name is not the secret's own, but one that is escaped because no variable could have its own.
    escaped: bool
    #: What it has besides the value: no document holds it.
    losses: tuple[Loss, ...]


@dataclass(frozen=True)
class Skipped:
    """An entry that was left out."""

    #: The key, or the name of what is no key.
    name: str
    reason: Literal["expired", "reference", "name", "exists"]
    #: The line of an imported document.
    line: Optional[int]


@dataclass(frozen=True)
class Export:
    """A document of secrets."""

    #: The text, as a secret.
    document: Secret
    #: What is in it, sorted by key.
    exported: tuple[Exported, ...]
    #: What is not.
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do."""

    #: The keys of new secrets, in the order of the document.
    created: tuple[str, ...]
    #: The keys of secrets that were there before.
    replaced: tuple[str, ...]
    #: What was left out.
    skipped: tuple[Skipped, ...]
    #: What could not be written, by key. Empty where the backend writes all or nothing.
    failures: Mapping[str, Error]
    #: What other readers of the format would understand differently, with lines; never a value.
    notes: tuple[str, ...]
    #: Whether nothing was written on purpose.
    dry_run: bool


@dataclass(frozen=True)
class PlannedCopy:
    """One secret of a plan."""

    key: str
    #: What the copy does with it; where one is to ``refuse``, the copy does not begin.
    action: Literal["create", "replace", "same", "skip", "refuse"]
    #: What the target cannot hold of it.
    losses: tuple[Loss, ...]
    #: Why it is refused or skipped.
    error: Optional[Error]


@dataclass(frozen=True)
class CopyPlan:
    """What a copy would do."""

    #: Every secret, sorted by key.
    secrets: tuple[PlannedCopy, ...]
    #: Names in the source that are no keys; they are not copied.
    references: tuple[str, ...]
    #: What the copy would raise, where something stands in the way.
    refusal: Optional[Error]


@dataclass(frozen=True)
class CopyProgress:
    """How far a copy is."""

    phase: Literal["planning", "copying", "deleting"]
    #: How many secrets of this phase are done.
    done: int
    #: How many there are in this phase.
    total: int
    #: The key that was done last.
    key: str


@dataclass(frozen=True)
class CopiedSecret:
    """One secret of a copy that has ended."""

    key: str
    #: ``gone``: it was in the plan and is not in the source any more.
    outcome: Literal["copied", "same", "skipped", "gone"]
    #: What the target could not hold of it.
    losses: tuple[Loss, ...]
    #: Whether it was removed at the source.
    deleted: bool
    #: Why it was skipped, or kept at the source where all were to be removed.
    error: Optional[Error]


@dataclass(frozen=True)
class CopyReport:
    """What a copy did."""

    #: What became of each secret, sorted by key.
    secrets: tuple[CopiedSecret, ...]
    #: Names in the source that are no keys and were not copied.
    references: tuple[str, ...]
    #: Whether the journal told of an earlier copy between the two that was interrupted.
    resumed: bool
    #: The keys that the interrupted one had removed at the source already.
    deleted_before: tuple[str, ...]
