"""From sending.yaml to `SendingRules`: windows, caps, and the holidays of the years to come."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from relance.content.build.mistakes import Findings
from relance.content.build.models import MessageSource
from relance.content.build.pace_models import pace_rules
from relance.content.build.reading import Reader
from relance.content.build.sending_models import DAYS, SendingSource, WindowSource
from relance.content.build.yaml_source import Source
from relance.content.compiled import MessageClass
from relance.content.names import suggestion
from relance.content.sending_rules import DAY, Cap, Hours, InPeace, SendingRules, Window

FILE = "sending.yaml"

YEARS = 3
"""For how many years holidays are written down, the year of the build being the first."""

_MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001 - a time on the clock


def sending_rules(reader: Reader, findings: Findings, *, year: int) -> SendingRules | None:
    """What sending.yaml says, None after noting mistakes; without the file nothing is bounded."""
    if not reader.names("", FILE):
        return SendingRules()
    read = reader.model(FILE, SendingSource)
    if read is None:
        return None
    source, written = read
    caps = written.caps.email.marketing if written.caps else None
    if caps and 0 in (caps.per_day, caps.per_week):
        sentence = "0 is none at all: no marketing mail goes out. Delete the line for no bound."
        findings.warn(FILE, source.line(("caps", "email", "marketing")), sentence)
    rules = SendingRules(
        caps={"email": {"marketing": Cap(caps.per_day, caps.per_week)}} if caps else {},
        quiet=_windows(written.quiet_hours),
        business=_windows(written.business_hours),
        holidays=_holidays(source, written, findings, year),
        country=written.holidays.home if written.holidays else None,
        priorities={intent.value: each for intent, each in written.priorities.items()},
        too_late=written.too_late,
        settling_time=written.settling_time,
        hold_out=written.hold_out,
        pace=pace_rules(written.warm_up, written.per_domain, written.brake),
    )
    _check_that_something_is_open(source, rules, findings)
    return rules


def leave_in_peace(
    reader: Reader, findings: Findings, segments: Mapping[str, str]
) -> tuple[InPeace, ...]:
    """Whom sending.yaml leaves in peace; the segments are given with their titles."""
    read = reader.model(FILE, SendingSource) if reader.names("", FILE) else None
    if read is None:
        return ()
    source, written = read
    found = []
    for position, each in enumerate(written.leave_in_peace):
        if each.segment not in segments:
            findings.wrong(
                FILE,
                source.line(("leave_in_peace", position, "segment")),
                f"leave_in_peace[{position + 1}].segment: there is no segment "
                f'"{each.segment}". {suggestion(each.segment, segments)}',
            )
            continue
        intents = tuple(intent.value for intent in each.intents or ())
        found.append(InPeace(each.segment, segments[each.segment], intents))
    return tuple(found)


def check_hours(
    findings: Findings, source: Source, message: MessageSource, rules: SendingRules | None
) -> None:
    """Note what a message asks for that sending.yaml does not know, or that says nothing."""
    if message.hours is Hours.BUSINESS and rules and not rules.business:
        findings.wrong(
            source.file,
            source.line(("hours",)),
            f"hours: {FILE} does not say when business hours are. Add lines like "
            '"business_hours: {days: [monday, friday], from: 09:00, to: 17:30}" to it.',
        )
    if message.priority and message.message_class is MessageClass.TRANSACTIONAL:
        findings.wrong(
            source.file,
            source.line(("priority",)),
            "priority: a transactional message goes whatever else waits. Delete this line.",
        )


def _windows(written: Iterable[WindowSource]) -> tuple[Window, ...]:
    return tuple(
        Window(each.begins, each.ends, tuple(sorted({DAYS.index(day) for day in each.days})))
        for each in written
    )


def _holidays(
    source: Source, written: SendingSource, findings: Findings, year: int
) -> dict[str, tuple[str, ...]]:
    """The public holidays of each country, for the year of the build and those after it."""
    if written.holidays is None:
        return {}
    import holidays  # noqa: PLC0415 - a third of a second, for those alone who ask for it

    known = holidays.list_supported_countries(include_aliases=False)
    countries = written.holidays.countries
    for position, country in enumerate(countries):
        if country not in known:
            findings.wrong(
                FILE,
                source.line(("holidays", "countries", position)),
                f"holidays.countries[{position + 1}]: the holidays of {country} are not known. "
                f"{suggestion(country, known)}",
            )
    if written.holidays.home not in countries:
        findings.wrong(
            FILE,
            source.line(("holidays", "home")),
            f"holidays.home: {written.holidays.home} is not among the countries. "
            f"{suggestion(written.holidays.home, countries)}",
        )
    years = range(year, year + YEARS)
    return {
        country: tuple(
            each.isoformat() for each in sorted(holidays.country_holidays(country, years=years))
        )
        for country in dict.fromkeys(countries)
        if country in known
    }


def _check_that_something_is_open(source: Source, rules: SendingRules, findings: Findings) -> None:
    """Note hours in which nothing could ever go."""
    turns = _turns((*rules.quiet, *rules.business))
    awake = [each for each in turns if not any(window.holds(each) for window in rules.quiet)]
    if not awake:
        sentence = "quiet_hours: they leave no minute of the week. Shorten them."
        findings.wrong(FILE, source.line(("quiet_hours",)), sentence)
    elif rules.business and not any(
        window.holds(each) for each in awake for window in rules.business
    ):
        sentence = "business_hours: they lie in the quiet hours altogether, so nothing would go."
        findings.wrong(FILE, source.line(("business_hours",)), sentence)


def _turns(windows: Iterable[Window]) -> list[datetime]:
    """Every time of a week at which a day or a window begins or ends; nothing turns in between."""
    ends = {minute % DAY for each in windows for minute in (each.begins, each.ends)}
    return [
        _MONDAY + timedelta(days=day, minutes=minute)
        for day in range(7)
        for minute in sorted({0, *ends})
    ]
