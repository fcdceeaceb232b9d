"""The topics that are read as states, and what a denial, a loss or a near miss of each value says.

The values themselves are in the lexicon's tables. A topic that is not here has a grammar of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from cds_service.values import dataclass

NOTHING = ""
# Topics whose names are parts of another topic's thing: organs, and kinds of transplants.
SITES, KINDS_OF_TRANSPLANT = "extramedullary-site", "transplant-kind"


@dataclass(frozen=True, slots=True)
class Topic:
    """How the values of one topic turn: ``denied["cr"]`` is what "not in CR" says; a value that is not there says nothing.

    ``groups`` are the values that agree with each other: two present values of different groups in one text
    contradict. ``suspects``: doubt is a suspicion worth knowing, not silence. ``needs_predicate``: the bare
    name of the thing says nothing ("transplant"). ``dated`` is False
    where a date in the text is a plan's and not the statement's. ``figures``: a number may follow a name ("plt 22"). ``knows``: topics
    whose names are known here as other things. ``narrowed`` is what a value says where its clause names a part of the
    thing, which the names of the topic ``parts`` are ("no disease in the breast"). ``passing``: states that
    another may follow; "after" one of them, it is over.
    ``reasons``: states for which treatment is begun, which then are of the time before it.
    ``of_leukemia``: a state that other diseases have too, so that it counts of the leukemia only.
    ``ahead``: for a plan, in how many days behind that of the text a day without a year may lie ("starting 4/16").
    """

    name: str
    denied: Mapping[str, str] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)
    near: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[frozenset[str], ...] = ()
    suspects: bool = False
    needs_predicate: bool = False
    dated: bool = True
    figures: bool = False
    knows: tuple[str, ...] = ()
    parts: str = ""
    narrowed: Mapping[str, str] = field(default_factory=dict)
    passing: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    of_leukemia: bool = False
    ahead: int = 0

    def agree(self, a: str, b: str) -> bool:
        return a == b or any({a, b} <= group for group in self.groups)


RESPONSE = Topic(
    "response",
    denied={
        "cr": "no-cr", "cri": "no-cr", "relapse": "no-progression", "progression": "no-progression",
        "pr": NOTHING, "sd": NOTHING, "no-cr": NOTHING, "improved": NOTHING,
    },
    lost={"cr": "relapse", "cri": "relapse"},
    near={"cr": "no-cr", "cri": "no-cr"},
    passing=frozenset({"cr", "cri", "pr", "sd"}),
    reasons=frozenset({"relapse", "progression", "no-cr"}),
    of_leukemia=True,
    groups=(
        frozenset({"cr", "cri", "no-progression", "improved"}),
        frozenset({"pr", "sd", "no-cr", "no-progression", "improved"}),
        frozenset({"relapse", "progression", "no-cr"}),
    ),
)  # fmt: skip
EXTRAMEDULLARY = Topic(
    "extramedullary", denied={"present": "absent", "absent": NOTHING, "cns2": NOTHING, "open": NOTHING},
    lost={"present": "absent", "cns2": "absent"}, near={"present": "present"},
    groups=(
        frozenset({"present", "absent-there", "cns2", "open"}), frozenset({"absent", "absent-there", "cns2", "open"}),
    ), suspects=True,
    parts=SITES, narrowed={"absent": "absent-there"},
)  # fmt: skip
TRANSPLANT = Topic(
    "transplant",
    denied={"planned": "not-planned"},
    lost={"planned": "not-planned"},
    groups=(frozenset({"planned", "not-this-kind"}), frozenset({"not-planned", "not-this-kind"})),
    needs_predicate=True,
    dated=False,
    knows=("response", "vod", "infection", "bleeding", "liver-disease", "cytopenia", "extramedullary"),
    parts=KINDS_OF_TRANSPLANT,
    narrowed={"not-planned": "not-this-kind"},
)
VOD = Topic("vod", denied={"vod": "excluded"}, suspects=True)
REACTION = Topic(
    "reaction", denied={"reaction": "excluded", "anaphylaxis": "no-anaphylaxis"}, suspects=True,
    groups=(frozenset({"reaction", "no-anaphylaxis"}), frozenset({"reaction", "anaphylaxis"})),
)  # fmt: skip
STATUS = Topic(
    "status",
    denied={"relapsed": NOTHING, "refractory": NOTHING, "remission": NOTHING, "untreated": NOTHING},
    groups=(frozenset({"relapsed", "refractory"}),),
    passing=frozenset({"remission"}),
    of_leukemia=True,
)
REGIMEN = Topic(
    "regimen",
    denied={"mini-hyper-cvd": "without", "hyper-cvad": "without"},
    lost={"mini-hyper-cvd": "without"},
    ahead=60,
)

HOLD = Topic(
    "hold", denied={"toxicity": NOTHING, "lab": NOTHING, "counts": NOTHING, "other": NOTHING},
    groups=(frozenset({"toxicity", "lab", "counts", "other"}),), figures=True,
)  # fmt: skip
CAUSE = Topic(
    "cause", denied={"disease": NOTHING, "inotuzumab": "not-inotuzumab"}, suspects=True, figures=True
)
CLEARANCE = Topic("clearance", denied={"go-on": NOTHING}, figures=True)
LIVER_RECOVERY = Topic("liver-recovery", denied={"not-recovering": NOTHING}, figures=True)

# Names of recorded conditions. A number may stand beside them, and what the text calls ended is no more.
BLEEDING = Topic(
    "bleeding", denied={"bleeding": "none", "ended": NOTHING}, lost={"bleeding": "ended"}, suspects=True, figures=True
)  # fmt: skip
INFECTION = Topic(
    "infection", denied={"infection": "none", "severe": "none", "ended": NOTHING},
    lost={"infection": "ended", "severe": "ended"},
    groups=(frozenset({"infection", "severe"}),), suspects=True, figures=True,
)  # fmt: skip
LIVER_DISEASE = Topic(
    "liver-disease", denied={"liver-disease": "none", "serious": "none"},
    lost={"liver-disease": "ended", "serious": "ended"},
    groups=(frozenset({"liver-disease", "serious"}),), suspects=True, figures=True,
)  # fmt: skip
HEMOLYSIS = Topic(
    "hemolysis", denied={"gilbert-or-hemolysis": "none"}, lost={"gilbert-or-hemolysis": "ended"},
    suspects=True, figures=True,
)  # fmt: skip
PREGNANCY = Topic(
    "pregnancy", denied={"pregnant": "not-pregnant", "not-pregnant": NOTHING, "ended": NOTHING},
    lost={"pregnant": "ended"}, groups=(frozenset({"not-pregnant", "ended"}),), suspects=True, figures=True,
)  # fmt: skip
LACTATION = Topic(
    "lactation", denied={"lactating": "not-lactating", "not-lactating": NOTHING}, lost={"lactating": "not-lactating"},
    suspects=True, figures=True,
)  # fmt: skip
CYTOPENIA = Topic(
    "cytopenia", denied={"cytopenia": "none"}, lost={"cytopenia": "ended"}, suspects=True, figures=True
)

# Therapy: what was given before, drugs beside inotuzumab in a plan, the line, maintenance, the end of a toxicity.
THERAPY = Topic(
    "therapy", denied=dict.fromkeys(("given", "drug", "earlier", "transplant", "gvhd"), "not-given"),
    groups=(frozenset({"given", "drug", "earlier", "transplant", "gvhd"}),), figures=True, ahead=60
)  # fmt: skip
PARTNER = Topic("partner", denied={"drug": "without"}, groups=(frozenset({"drug", "without"}),), figures=True)
LINE = Topic("line", denied={"first": NOTHING, "later": NOTHING}, figures=True)
MAINTENANCE = Topic("maintenance", denied={"maintenance": NOTHING}, dated=False, figures=True)
RECOVERY = Topic(
    "recovery", denied={"recovered": "not-recovered", "mild": "not-recovered"},
    near={"recovered": "not-recovered", "mild": "not-recovered"},
    groups=(frozenset({"recovered", "mild"}),), figures=True, knows=("hold",),
)  # fmt: skip

# Names of procedures and products.
CAR_T = Topic("car-t", denied={"car-t": "none"}, dated=False, figures=True)
PLATELETS = Topic("platelet-transfusion", denied={"platelets": "none"}, dated=False, figures=True)

TOPICS = {
    t.name: t
    for t in (
        RESPONSE,
        EXTRAMEDULLARY,
        TRANSPLANT,
        VOD,
        REACTION,
        STATUS,
        REGIMEN,
        HOLD,
        CAUSE,
        CLEARANCE,
        LIVER_RECOVERY,
        BLEEDING,
        INFECTION,
        LIVER_DISEASE,
        HEMOLYSIS,
        PREGNANCY,
        LACTATION,
        CYTOPENIA,
        THERAPY,
        PARTNER,
        LINE,
        MAINTENANCE,
        RECOVERY,
        CAR_T,
        PLATELETS,
    )
}
# Topics of which only the mention counts, whatever is said; see ``mentioned``.
MONITORING, OBSERVATION = "monitoring", "observation"
# One that has a grammar of its own; see ``clinical.leukemia.cd22_therapy``.
CD22_THERAPY = "cd22-therapy"
