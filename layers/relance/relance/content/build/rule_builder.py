"""From the files with rules about people to `Rules`: read, checked, ordered, versioned."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from relance.content.build import people_parts, rule_parts
from relance.content.build.mistakes import Findings
from relance.content.build.models import CompanySource
from relance.content.build.order import depths, in_order
from relance.content.build.rule_context import Context
from relance.content.build.rule_sources import read_rules, vocabulary_of
from relance.content.build.selection import Selection
from relance.content.build.slots import build_slots
from relance.content.rules import ContactList, OpenTracking, Rules, Tracking, Trait
from relance.content.slots import Slot


def build_rules(
    selection: Selection,
    findings: Findings,
    company: CompanySource,
    traits: Mapping[str, Trait],
    lists: Iterable[ContactList],
) -> tuple[Rules, tuple[Slot, ...]]:
    """The rules and the slots as far as they are right, after noting every mistake.

    What slots ask for is kept in profiles like what rules ask for.
    """
    sources = read_rules(selection, findings)
    kept = round(company.keep_behaviour.total_seconds() * 1000)
    lists = tuple(lists)
    context = Context(
        findings, vocabulary_of(sources, traits.values(), lists, company.topics, kept)
    )
    declared = rule_parts.behaviours(sources, context)
    rules = Rules(
        version="",
        traits=tuple(traits.values()),
        lists=lists,
        tracking_default=Tracking(
            opens=company.tracking.opens,
            clicks=company.tracking.clicks,
            web=company.tracking.web,
        ),
        languages=tuple(company.languages),
        events=tuple(sorted(sources.own)),
        behaviours=tuple(declared.values()),
        scores=rule_parts.scores(sources, declared, context),
        interests=rule_parts.interests(sources, declared, context),
        fits=rule_parts.fits(sources, context),
        potentials=rule_parts.potentials(sources, traits, context),
        personas=people_parts.personas(sources, context),
        stages=people_parts.stages(sources, context),
        segments=people_parts.segments(sources, context),
        qualifications=people_parts.qualifications(sources, context),
        company=rule_parts.company(sources, traits, context),
        priors=rule_parts.priors(sources, context),
        kept=company.keep_behaviour,
    )
    slots, needs = build_slots(selection, context)
    needs += [part for each in context.decided for _, part in each.parts]
    rules = replace(rules, order=in_order(context.decided), depths=depths(needs))
    return replace(rules, version=version_of(rules)), slots


def version_of(rules: Rules) -> str:
    """The hash (12 hex digits) of what a profile follows from: no titles, texts or permissions."""
    bare = replace(
        rules,
        version="",
        tracking_default=Tracking(OpenTracking.NONE, clicks=False),
        languages=(),
        events=(),
        traits=(),
        lists=(),
        behaviours=tuple(replace(each, title="") for each in rules.behaviours),
        scores=tuple(replace(each, title="") for each in rules.scores),
        interests=tuple(replace(each, title="") for each in rules.interests),
        potentials=tuple(replace(each, title="") for each in rules.potentials),
        fits=tuple(
            replace(fit, title="", rules=tuple(replace(each, title="") for each in fit.rules))
            for fit in rules.fits
        ),
        personas=tuple(replace(each, title="", asks="") for each in rules.personas),
        stages=tuple(
            replace(each, title="", journeys=None, channels=(), intents=()) for each in rules.stages
        ),
        segments=tuple(replace(each, title="") for each in rules.segments),
        qualifications=tuple(replace(each, title="", reason="") for each in rules.qualifications),
    )
    written = json.dumps(bare.to_json(), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()[:12]
