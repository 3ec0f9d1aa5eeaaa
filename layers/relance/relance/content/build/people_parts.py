"""Segments, qualifications, personas and stages: from their sources to frozen values."""

from itertools import pairwise

from relance.conditions.needs import Needs
from relance.conditions.places import Place
from relance.content import reasons
from relance.content.build.rule_context import Context
from relance.content.build.rule_models import ALL, StageSource
from relance.content.build.rule_sources import RuleSources
from relance.content.names import suggestion
from relance.content.people_rules import Persona, Qualification, Readiness, Segment
from relance.content.stage_rules import Family, Stage


def segments(sources: RuleSources, context: Context) -> tuple[Segment, ...]:
    """The segments."""
    found = []
    for each in sources.segments:
        where = context.place(each.source, "members")
        read = context.condition(each.written.members, where)
        if read:
            found.append(Segment(each.name, each.written.title, read[0]))
            context.decides(f"segment:{each.name}", f'the segment "{each.name}"', {where: read[1]})
    return tuple(found)


def qualifications(sources: RuleSources, context: Context) -> tuple[Qualification, ...]:
    """For whom a lead is ready."""
    found = []
    for each in sources.qualifications:
        where = context.place(each.source, "when")
        read = context.condition(each.written.when, where)
        _check_reason(each.written.reason, context, context.place(each.source, "reason"))
        if read:
            name = Readiness(each.name)
            found.append(Qualification(name, each.written.title, read[0], each.written.reason))
            context.decides(
                f"qualification:{name}", f'the qualification "{name}"', {where: read[1]}
            )
    return tuple(found)


def _check_reason(template: str, context: Context, where: Place) -> None:
    vocabulary = context.vocabulary
    known = reasons.PLAIN | {
        f"{kind}.{name}"
        for kind, names in (
            ("score", vocabulary.scores),
            ("grade", vocabulary.grades),
            ("potential", vocabulary.potentials),
        )
        for name in names
    }
    for mark in reasons.marks(template):
        if mark not in known:
            where.wrong(f"nothing is known as {{{mark}}}. {suggestion(mark, known)}")


def personas(sources: RuleSources, context: Context) -> tuple[Persona, ...]:
    """The personas, in declared order."""
    found, parts = [], {}
    for name, (source, written) in sources.personas.items():
        declared = []
        for index, raw in enumerate(written.declared):
            where = context.place(source, name, "declared", index)
            read = context.condition(raw, where)
            if read:
                declared.append(read[0])
                parts[where] = read[1]
        topics = written.reads.topics if written.reads else {}
        for topic in topics:
            where = context.place(source, name, "reads", "topics", topic)
            context.vocabulary.knows("interest", topic, where)
        found.append(
            Persona(
                name=name,
                title=written.title,
                concern=written.concern,
                asks=written.asks,
                declared=tuple(declared),
                topics=topics,
                at_least=written.reads.at_least if written.reads else 0.0,
            )
        )
    if found:
        context.decides("persona", "the persona", parts)
    return tuple(found)


def stages(sources: RuleSources, context: Context) -> tuple[Stage, ...]:
    """The stages, in declared order."""
    if sources.stages is None:
        return ()
    source, written = sources.stages.source, sources.stages.written
    ladder = [name for name, each in written.items() if not each.instead_of]
    found = []
    parts: dict[Place, Needs] = {}
    for name, each in written.items():
        where = context.place(source, name)
        _check_shape(name, each, ladder, where)
        read = context.condition(each.when, where / "when") if each.when is not None else None
        if read:
            parts[where / "when"] = read[1]
        found.append(
            Stage(
                name=name,
                title=each.title,
                family=each.family,
                criterion=read[0] if read else None,
                instead_of=tuple(each.instead_of),
                journeys=None if ALL in each.journeys else tuple(each.journeys),
                channels=tuple(each.channels),
                intents=tuple(each.intents),
            )
        )
    _check_families(found, context.place(source))
    context.decides("stage", "the stage", parts)
    return tuple(found)


def _check_shape(name: str, written: StageSource, ladder: list[str], where: Place) -> None:
    if ladder[:1] == [name]:
        if written.when is not None:
            (where / "when").wrong(
                "everybody is at least on the first stage, so it has no condition. Take this out."
            )
    elif written.when is None:
        where.wrong('say when a contact is here: add "when:" with a condition.')
    for index, other in enumerate(written.instead_of):
        if other not in ladder:
            at = where / "instead_of"
            at = at / index if len(written.instead_of) > 1 else at
            at.wrong(f'"{other}" is no stage on the way. {suggestion(other, ladder)}')


def _check_families(stages: list[Stage], where: Place) -> None:
    order = list(Family)
    ladder = [each for each in stages if not each.instead_of]
    for before, after in pairwise(ladder):
        if order.index(after.family) < order.index(before.family):
            (where / after.name / "family").wrong(
                f"{after.family} comes before {before.family}, and {before.name} stands above. "
                "Put the stages into the order acquisition, retention, monetisation."
            )
