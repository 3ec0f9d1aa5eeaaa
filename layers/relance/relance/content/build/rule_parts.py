"""Scores, fits, potentials, companies and habits: from their sources to frozen values."""

from collections.abc import Mapping, Sequence

from relance.conditions.places import Place
from relance.content.behaviours import Behaviour, plain
from relance.content.build.filters import filters
from relance.content.build.rule_context import Context
from relance.content.build.rule_models import PointsSource
from relance.content.build.rule_sources import RuleSources
from relance.content.names import suggestion
from relance.content.priors import Gap, Priors
from relance.content.rules import Trait
from relance.content.score_rules import (
    CompanyScore,
    EngagementScore,
    FitRule,
    FitScore,
    Grade,
    Per,
    PointRule,
    Potential,
    PurchaseRole,
    Worth,
)


def behaviours(sources: RuleSources, context: Context) -> dict[str, Behaviour]:
    """The declared behaviours by name."""
    found = {}
    for name, (source, written) in sources.behaviours.items():
        where = context.place(source, name)
        for index, event in enumerate(written.event):
            at = where / "event" / index if len(written.event) > 1 else where / "event"
            _event(event, sources.events, at)
        found[name] = Behaviour(
            name, tuple(written.event), filters(written.where, where / "where"), written.title
        )
    return found


def scores(
    sources: RuleSources, declared: Mapping[str, Behaviour], context: Context
) -> tuple[EngagementScore, ...]:
    """The scores that fade."""
    found = []
    for name, source, written in ((r.name, r.source, r.written) for r in sources.scores):
        points = _points(
            written.points, declared, sources.events, context, context.place(source, "points")
        )
        per = Per(written.per.property, written.per.newest) if written.per else None
        title = written.title or name
        found.append(EngagementScore(name, written.half_life, points, title, per))
    return tuple(found)


def interests(
    sources: RuleSources, declared: Mapping[str, Behaviour], context: Context
) -> tuple[EngagementScore, ...]:
    """The interests: a score for each topic, all with one half-life."""
    if sources.interests is None:
        return ()
    source, written = sources.interests.source, sources.interests.written
    return tuple(
        EngagementScore(
            name,
            written.half_life,
            _points(
                topic.points,
                declared,
                sources.events,
                context,
                context.place(source, "topics", name, "points"),
            ),
            topic.title,
        )
        for name, topic in written.topics.items()
    )


def _points(
    written: Sequence[PointsSource],
    declared: Mapping[str, Behaviour],
    events: frozenset[str],
    context: Context,
    where: Place,
) -> tuple[PointRule, ...]:
    return tuple(
        PointRule(
            _act(each, declared, events, context, where / index),
            each.points,
            each.points_from,
            each.at_most,
        )
        for index, each in enumerate(written)
    )


def _act(
    written: PointsSource,
    declared: Mapping[str, Behaviour],
    events: frozenset[str],
    context: Context,
    where: Place,
) -> Behaviour:
    """The behaviour that a line of points names, with the line's own filters."""
    if written.event is not None:
        _event(written.event, events, where / "event")
        base = plain(written.event)
    else:
        name = written.did or ""
        context.vocabulary.knows("behaviour", name, where / "did")
        base = declared.get(name) or plain(name)
    more = filters(written.where, where / "where")
    return Behaviour(base.name, base.events, (*base.where, *more), base.title)


def _event(name: str, events: frozenset[str], where: Place) -> None:
    if name not in events:
        where.wrong(
            f'the event "{name}" is not known. {suggestion(name, events)} '
            "An event of your own is declared in events.yaml."
        )


def fits(sources: RuleSources, context: Context) -> tuple[FitScore, ...]:
    """The scores of who somebody is."""
    found = []
    for each in sources.fits:
        rules, parts = [], {}
        for index, line in enumerate(each.written.points):
            where = context.place(each.source, "points", index, "when")
            read = context.condition(line.when, where)
            if read:
                rules.append(FitRule(read[0], line.points, line.title))
                parts[where] = read[1]
        grades = [Grade(letter, bound) for letter, bound in sorted(each.written.grades.items())]
        found.append(FitScore(each.name, tuple(rules), tuple(grades), each.written.title))
        context.decides(f"fit:{each.name}", f'the fit "{each.name}"', parts)
    return tuple(found)


def potentials(
    sources: RuleSources, traits: Mapping[str, Trait], context: Context
) -> tuple[Potential, ...]:
    """What contacts could be worth."""
    found = []
    for each in sources.potentials:
        ways, parts = [], {}
        top = context.place(each.source, "first_known")
        for index, line in enumerate(each.written.first_known):
            where = top / index
            if line.trait is not None:
                _number_trait(line.trait, traits, context, where / "trait")
            elif line.when is None and index + 1 < len(each.written.first_known):
                where.wrong('this counts for everybody, so no line below it does. Add "when:".')
            read = context.condition(line.when, where / "when") if line.when is not None else None
            if read:
                parts[where / "when"] = read[1]
            condition = read[0] if read else None
            ways.append(Worth(condition, line.trait, line.times, line.amount or 0.0))
        found.append(Potential(each.name, tuple(ways), each.written.title))
        context.decides(f"potential:{each.name}", f'the potential "{each.name}"', parts)
    return tuple(found)


def _number_trait(name: str, traits: Mapping[str, Trait], context: Context, where: Place) -> None:
    if context.vocabulary.knows("trait", name, where) and traits[name].type != "number":
        where.wrong(f'{name} is no number in traits.yaml. Name a trait with "type: number".')


def company(
    sources: RuleSources, traits: Mapping[str, Trait], context: Context
) -> CompanyScore | None:
    """The score over the members of a company, and the roles in a purchase."""
    if sources.companies is None:
        return None
    source, written = sources.companies.source, sources.companies.written
    top = context.place(source)
    context.vocabulary.knows("score", written.score, top / "score")
    known = context.vocabulary.knows("trait", written.role_in, top / "role_in")
    options = traits[written.role_in].options if known else ()
    for name, role in written.roles.items():
        for index, value in enumerate(role.values):
            at = top / "roles" / name / "values"
            at = at / index if len(role.values) > 1 else at
            if options and value not in options:
                at.wrong(
                    f'"{value}" is not one of the options of {written.role_in} in traits.yaml. '
                    f"{suggestion(value, options)}"
                )
    if written.deals is not None:
        context.vocabulary.knows("list", written.deals, top / "deals")
    return CompanyScore(
        of=written.score,
        trait=written.role_in,
        roles=tuple(
            PurchaseRole(name, each.title, tuple(each.values), each.weight, each.needed)
            for name, each in written.roles.items()
        ),
        other_weight=written.other_weight,
        deals=written.deals,
        not_companies=tuple(each.lower() for each in written.not_companies),
    )


def priors(sources: RuleSources, context: Context) -> Priors:
    """The population's habits."""
    if sources.habits is None:
        return Priors()
    written = sources.habits.written
    where = context.place(sources.habits.source, "between")
    for name in written.between:
        context.vocabulary.knows("behaviour", name, where / name)
    whole = sum(written.hours.weights)
    return Priors(
        gaps={name: Gap(each.usual, each.counts_like) for name, each in written.between.items()},
        channels={channel.value: share for channel, share in written.channels.share.items()},
        channel_weight=written.channels.counts_like,
        hours=tuple(weight / whole for weight in written.hours.weights),
        hour_weight=written.hours.counts_like,
    )
