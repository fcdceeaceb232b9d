"""What notes in Spanish say, and what they leave open."""

from datetime import date

import pytest

from cds_service.clinical.leukemia.diagnosis import disease_in_words
from cds_service.clinical.reading.reader import read

TODAY = date(2026, 4, 13)
SAYS = [
    ("Sin evidencia de progresión.", "response", "no-progression"), ("No hay progresión de la enfermedad", "response", "no-progression"),
    ("No ha alcanzado la remisión completa", "response", "no-cr"), ("Sin enfermedad extramedular", "extramedullary", "absent"),
    ("Enfermedad extramedular persistente", "extramedullary", "present"), ("Infiltración del SNC descartada", "extramedullary", "absent"),
    ("Trasplante alogénico programado para mayo", "transplant", "planned"), ("No es candidata a trasplante", "transplant", "not-planned"),
    ("Rechaza trasplante", "transplant", "not-planned"), ("LLA-B en primera recaída", "status", "relapsed"), ("LLA-B refractaria", "status", "refractory"),
    ("LLA de células B en segunda recaída", "status", "relapsed"), ("Leucemia aguda linfoblástica tipo B refractaria", "status", "refractory"),
    ("Leucemia linfoide aguda de precursores B en recaída", "status", "relapsed"),
]  # fmt: skip
NOTHING = [
    ("Riesgo de progresión", "response"), ("Progresión de neuropatía", "response"), ("La hermana está en remisión completa", "response"),
    ("Trasplante renal programado", "transplant"), ("El hermano va a trasplante programado", "transplant"), ("Antecedente de trasplante", "transplant"),
    ("Pendiente de evaluación para trasplante", "transplant"), ("Antecedente de infiltración del SNC", "extramedullary"),
    ("Madre con cloroma", "extramedullary"), ("Posible recaída", "status"), ("Sin recaída", "status"), ("Hermano con LLA refractaria", "status"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic", "value"), SAYS)
def test_what_is_said(text, topic, value):
    assert read(text, topic, TODAY).values == {value}


@pytest.mark.parametrize(("text", "topic"), NOTHING)
def test_what_says_nothing(text, topic):
    assert not read(text, topic, TODAY).values


DISEASES = [
    ("Leucemia linfoblástica aguda de células B", "b_all"), ("Leucemia linfoblastica aguda de celulas B", "b_all"),
    ("Leucemia linfoblástica aguda B", "b_all"), ("Leucemia aguda linfoblástica tipo B refractaria", "b_all"), ("LLA de células B en recaída", "b_all"),
    ("Leucemia linfoblástica aguda de precursores B", "b_all"), ("Leucemia linfoide aguda de estirpe B, segunda recaída", "b_all"),
    ("Leucemia linfoblástica aguda", "unspecified_all"), ("Leucemia linfocítica aguda en remisión", "unspecified_all"), ("LLA", "unspecified_all"),
    ("Leucemia linfoblástica aguda de células T", "t_all"), ("LLA-T", "t_all"), ("Leucemia mieloide aguda", "other"), ("Mieloma múltiple", "other"),
    ("Linfoma difuso de células B grandes", "other"), ("Leucemia linfocítica crónica", "other"),
    ("Madre con leucemia linfoblástica aguda de células B", None), ("Posible leucemia linfoblástica aguda de células B", None),
    ("Antecedente familiar de leucemia linfoblástica aguda B", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "group"), DISEASES)
def test_the_names_of_the_disease(name, group):
    assert disease_in_words(name) == group
