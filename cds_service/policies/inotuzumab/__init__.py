"""Policy MP-RX-FP-12-23, inotuzumab ozogamicin (Besponsa), J9229."""

from cds_service.clinical.reading import lexicon
from cds_service.clinical.reading.phrasing import patterns
from cds_service.collector import keep_meanwhile
from cds_service.policies import DrugPolicy
from cds_service.policies.inotuzumab.case.schedule import order_of
from cds_service.policies.inotuzumab.determine import OUTLINE, determine, in_scope
from cds_service.policies.inotuzumab.form import AUTHORIZATION, diagnoses
from cds_service.policies.inotuzumab.picture import picture

POLICY = DrugPolicy("inotuzumab", OUTLINE, in_scope, order_of, determine, picture, AUTHORIZATION, diagnoses)
with keep_meanwhile():  # nothing of the tables is garbage
    lexicon.load()
    patterns.load()
