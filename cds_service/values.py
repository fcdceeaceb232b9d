"""Dataclasses whose values never change, without the cost of watching over it in a running service.

Python sets each member of a frozen dataclass by a call of its own, which was a ninth of all that a call of
this service did. What that watches over is held twice without it: mypy refuses every assignment to a frozen
member, and all tests run with ``FROZEN_VALUES=1``, where an assignment raises FrozenInstanceError.
"""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, **options):
        """As ``dataclasses.dataclass``; a frozen one is equal and hashable as ever, and made without a watch."""
        is_watched = os.environ.get("FROZEN_VALUES") == "1"
        if frozen and not is_watched:
            options["unsafe_hash"] = True
        return dataclasses.dataclass(cls, frozen=frozen and is_watched, **options)
