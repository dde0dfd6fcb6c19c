"""What loading rules depends on besides the rules themselves."""

from __future__ import annotations

import msgspec

from tmrx import plan
from tmrx.rules import datasets, reputation
from tmrx.rules.order import ACTION_ORDER, Ordered
from tmrx.rules.variables import Variables


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How rules are read; files by name.

    `classification`, `references`: a classification.config and a reference.config, None for tmrx's own.
    `enable`, `disable`, `modify`, `drop`: files of suricata-update's that select rules. `keep_text`: rules carry their
    text into the plan. `keep_unsupported`: rules that the core can't evaluate are kept, to be looked at, not to run.
    `thresholds`: a threshold file. `limits`: what the core keeps to.
    """

    variables: Variables = Variables()
    classification: str | None = None
    references: str | None = None
    action_order: tuple[Ordered, ...] = ACTION_ORDER
    keep_text: bool = False
    keep_unsupported: bool = False
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    modify: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    thresholds: str | None = None
    datasets: datasets.Settings = datasets.Settings()
    reputation: reputation.Files = reputation.Files()
    limits: plan.DetectSettings = plan.DetectSettings()
