"""What notes in Spanish say, and what they leave open."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read

TODAY = date(2026, 4, 13)
SAYS = [
    ("Sin evidencia de progresión.", "response", "no-progression"), ("No hay progresión de la enfermedad", "response", "no-progression"),
    ("No ha alcanzado la remisión completa", "response", "no-cr"), ("Sin enfermedad extramedular", "extramedullary", "absent"),
    ("Enfermedad extramedular persistente", "extramedullary", "present"), ("Infiltración del SNC descartada", "extramedullary", "absent"),
    ("Trasplante alogénico programado para mayo", "transplant", "planned"), ("No es candidata a trasplante", "transplant", "not-planned"),
    ("Rechaza trasplante", "transplant", "not-planned"), ("LLA-B en primera recaída", "status", "relapsed"), ("LLA-B refractaria", "status", "refractory"),
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
