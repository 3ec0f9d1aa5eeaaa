"""The build as a whole: everything is read and checked; only then, and at once, written."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from relance.content.build.declared import Declared, declared
from relance.content.build.hooks import HookBuilder
from relance.content.build.import_parts import import_mapping
from relance.content.build.landing import LandingBuilder
from relance.content.build.messages import MessageBuilder
from relance.content.build.mistakes import BuildReport, Findings
from relance.content.build.models import NAME
from relance.content.build.reading import Reader
from relance.content.build.sending_parts import leave_in_peace, sending_rules
from relance.content.build.site import SiteBuilder
from relance.content.build.texts import read_texts
from relance.content.compiled import FORMAT
from relance.content.names import suggestion
from relance.content.sending_rules import SendingRules

_FILES = frozenset({"company.yaml", "traits.yaml", "lists.yaml", "files.yaml", "sending.yaml"})
_SEVERAL = ("personas", "events", "interests", "stages", "companies", "habits")
_YAML_FOLDERS = (
    "behaviours", "brands", "segments", "scores", "fits", "potentials", "qualifications", "forms",
    "imports", "slots", "texts", "hooks",
)  # fmt: skip
_NOT_FOR_DRAFTS = frozenset(
    {"forms", "hooks", "imports", "landing", "messages", "pages", "texts", "README.md"}
)
_FOLDERS = frozenset({*_YAML_FOLDERS, "blocks", "landing", "layouts", "messages", "pages"})


def build(source: Path, target: Path, *, year: int | None = None) -> BuildReport:
    """Compile the content folder `source` into the folder `target`, which is replaced.

    With any mistake nothing is written and an older `target` stays as it is. Equal sources give
    equal bytes within a `year`, which is this one unless another is given: it is the first whose
    holidays are written down.
    """
    findings = Findings()
    if not source.is_dir():
        findings.wrong(str(source), 0, "there is no such folder.")
        return _report(findings, {}, "")
    if target.is_dir() and any(target.iterdir()) and not (target / "content.json").is_file():
        findings.wrong(str(target), 0, "holds something else. Name a new or an empty folder.")
        return _report(findings, {}, "")
    reader = Reader(source, findings)
    _check_places(source, findings)
    known = declared(reader, findings)
    sending = sending_rules(reader, findings, year=year or datetime.now(UTC).year)
    if known and sending:
        titles = {each.name: each.title for each in known.rules.segments}
        sending = replace(sending, in_peace=leave_in_peace(reader, findings, titles))
    pictures: dict[str, bytes] = {}
    files = _files(reader, findings, known, sending, pictures) if known else {}
    if findings.mistakes:
        return _report(findings, {}, "")
    version = _hash(files)
    kept = {f"source/{each.relative_to(source)}": each.read_bytes() for each in sources(source)}
    manifest = {"format": FORMAT, "version": version, **json.loads(files["content.json"])}
    files["content.json"] = _json(manifest)
    _replace(target, {name: text.encode() for name, text in files.items()} | pictures | kept)
    return _report(findings, manifest, version)


def sources(source: Path) -> list[Path]:
    """What a draft is checked by: every file but those of messages, forms, pages and the like."""
    return sorted(
        each
        for each in source.rglob("*")
        if each.is_file()
        and each.relative_to(source).parts[0] not in _NOT_FOR_DRAFTS
        and not any(part.startswith(".") for part in each.relative_to(source).parts)
    )


def _check_places(source: Path, findings: Findings) -> None:
    """Note YAML files and folders that nothing would ever read; other files may lie about."""
    files = _FILES | {f"{name}.yaml" for name in _SEVERAL}
    for each in sorted(source.iterdir()):
        known = _FOLDERS if each.is_dir() else files
        if each.name.startswith(".") or each.name in known or _is_one_of_several(each):
            continue
        if each.is_dir() or each.suffix in {".yaml", ".yml"}:
            findings.wrong(each.name, 0, f"nothing reads this. {suggestion(each.name, known)}")
    for folder in _YAML_FOLDERS:
        for each in sorted((source / folder).glob("*.yml")):
            findings.wrong(f"{folder}/{each.name}", 0, f'call it "{each.stem}.yaml".')


def _is_one_of_several(path: Path) -> bool:
    """Whether it is a file like `stages.instant.yaml`."""
    name, _, _ = path.name.partition(".")
    return path.is_file() and name in _SEVERAL and path.suffix == ".yaml"


def _files(
    reader: Reader,
    findings: Findings,
    known: Declared,
    sending: SendingRules | None,
    pictures: dict[str, bytes],
) -> dict[str, str]:
    """Return every file of the target, by its path in it; the pictures are put into `pictures`."""
    messages = _messages(reader, findings, known, sending, pictures)
    texts = read_texts(reader, findings, known.company)
    site = SiteBuilder(reader, findings, known, texts)
    pages = site.pages()
    forms = _forms(reader, site)
    landings = LandingBuilder(reader, findings, known, site).pages(forms)
    slots = {each.name: each.to_json() for each in known.slots}
    imports = _imports(reader, findings, known)
    built = HookBuilder(reader, findings, known).hooks()
    hooks = {name: each.to_json() for name, each in built.items()}
    files = {
        "rules.json": _json(known.rules.to_json()),
        "sending.json": _json((sending or SendingRules()).to_json()),
        "content.json": _json(
            {
                "company": _company(known),
                "messages": sorted(messages),
                "forms": {name: list(languages) for name, languages in sorted(forms.items())},
                "landings": {name: list(each) for name, each in sorted(landings.items())},
                "files": {
                    each.name: {"key": each.key, "title": each.title}
                    for each in known.files.values()
                },
                "slots": sorted(slots),
                "imports": sorted(imports),
                "hooks": sorted(hooks),
                "pages": {
                    name: {language: _hash({name: page}) for language, page in languages.items()}
                    for name, languages in sorted(pages.items())
                },
            }
        ),
    }
    for folder, compiled in (("messages", messages), ("slots", slots), ("hooks", hooks)):
        for name, each in compiled.items():
            files[f"{folder}/{name}.json"] = versioned(name, each)
    for name, mapping in imports.items():
        files[f"imports/{name}.json"] = _json(mapping)
    for folder, spoken in (("forms", forms), ("landing", landings)):
        for name, languages in spoken.items():
            for language, each in languages.items():
                files[f"{folder}/{name}.{language}.json"] = versioned(name, each)
    for name, written in pages.items():
        for language, page in written.items():
            files[f"pages/{name}.{language}.html"] = page
    return files


def _company(known: Declared) -> dict[str, object]:
    """Return what the manifest says of who sends."""
    company = known.company
    return {
        "name": company.name,
        "sender_name": company.sender_name,
        "postal_address": company.postal_address,
        "website": company.website,
        "languages": list(company.languages),
        "topics": dict(company.topics),
        "fall_back": {spoken: list(each) for spoken, each in company.fall_back.items()},
        "channels": list(company.channels),
        "allowed_redirects": list(company.allowed_redirects),
    }


def _imports(
    reader: Reader, findings: Findings, known: Declared
) -> dict[str, Mapping[str, object]]:
    """Return name → the mapping of files to import."""
    files = reader.names("imports", "*.yaml")
    built = {Path(file).stem: import_mapping(file, reader, findings, known) for file in files}
    return {name: mapping for name, mapping in built.items() if mapping}


def _messages(
    reader: Reader,
    findings: Findings,
    known: Declared,
    sending: SendingRules | None,
    pictures: dict[str, bytes],
) -> dict[str, dict[str, object]]:
    builder = MessageBuilder(reader, findings, known, sending)
    built = {}
    for folder in sorted(each.name for each in (reader.folder / "messages").glob("*/")):
        if not NAME.fullmatch(folder):
            findings.wrong(
                f"messages/{folder}",
                0,
                f'"{folder}" is no name for a message. Use small letters, digits and -.',
            )
            continue
        message = builder.build(folder)
        if message:
            built[folder] = message
    builder.warn_of_unused()
    pictures.update({f"images/{name}": it for name, it in builder.pictures.files.items()})
    return built


def _forms(reader: Reader, site: SiteBuilder) -> dict[str, dict[str, dict[str, object]]]:
    """Return form → language → the compiled form."""
    names = [file for file in reader.names("forms", "*.yaml") if "." not in Path(file).stem]
    built = {Path(file).stem: site.form(file) for file in names}
    site.check_translations(frozenset(built))
    return {name: languages for name, languages in built.items() if languages}


def versioned(name: str, compiled: Mapping[str, object]) -> str:
    """Return the file of something compiled, with the hash of its content as its version."""
    return _json({"version": _hash({name: _json(compiled)}), **compiled})


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _hash(files: Mapping[str, str]) -> str:
    whole = json.dumps(sorted(files.items()), ensure_ascii=False)
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def _replace(target: Path, files: Mapping[str, bytes]) -> None:
    """Write into a folder beside the target, then swap the two."""
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for name, body in files.items():
            path = made / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        made.chmod(0o755)
        if target.exists():
            old = made.with_name(f"{made.name}-old")
            target.rename(old)
            made.rename(target)
            shutil.rmtree(old)
        else:
            made.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _report(findings: Findings, manifest: Mapping[str, object], version: str) -> BuildReport:
    def names(kind: str) -> tuple[str, ...]:
        found = manifest.get(kind)
        return tuple(found) if isinstance(found, list | dict) else ()

    return BuildReport(
        version=version,
        mistakes=tuple(sorted(findings.mistakes)),
        warnings=tuple(sorted(findings.warnings)),
        messages=names("messages"),
        forms=names("forms"),
        pages=names("pages"),
    )
