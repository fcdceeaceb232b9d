"""What the charts of a second reading have in common: days, hours and the newest of some facts."""

from datetime import date, timedelta

from tests.policy.chart_notes import body_size, condition, patient

TODAY = date(2026, 4, 15)
HOUR_NOW = 9
DOSE_HOUR = 12
BASE = [
    patient(),
    condition("C91.02", recorded="2025-09-20"),
    *body_size(),
]


def days_before(day, count):
    return day - timedelta(days=count)


def written(day, hour=None):
    """A day, or an instant of it, as FHIR writes it."""
    return day.isoformat() if hour is None else f"{day.isoformat()}T{hour:02}:00:00-04:00"


def has_happened(day, hour):
    return day < TODAY or (day == TODAY and (hour is None or hour <= HOUR_NOW))


def newest(facts, first, last, before_hour=None):
    """Of facts that begin with day and hour, the newest within two days, both included; of one time all.

    A day without hour is as late as the last hour of it. On the last day only what is untimed, or before an hour.
    """
    held = [
        fact
        for fact in facts
        if has_happened(fact[0], fact[1])
        and first <= fact[0] <= last
        and not (
            before_hour is not None and fact[0] == last and fact[1] is not None and fact[1] >= before_hour
        )
    ]
    of_day = [fact for fact in held if fact[0] == max(f[0] for f in held)]
    hours = [fact[1] for fact in of_day if fact[1] is not None]
    return [fact for fact in of_day if fact[1] is None or fact[1] == max(hours)]
