"""A signed link to a file: where it leads, and that it was followed, once.

Where it leads is asked of S3 at each time and holds for minutes; no address of a request is used.
"""

from dataclasses import dataclass

from relance.contacts import read_register
from relance.content.compiled import GatedFile
from relance.content.forms import Form
from relance.errors import ConditionFailed, ContactNotFound, TokenInvalid
from relance.events import Event, Name, put_once
from relance.gifts import Gift
from relance.ids import event_id, milliseconds, ulid
from relance.links import Download
from relance.ports import Services
from relance.usecases.show_form import is_program


@dataclass(frozen=True, slots=True)
class Asked:
    """The file that a link names, and the form that gives it; `works` until it has run out."""

    download: Download
    file: GatedFile
    form: str
    works: bool


def read_link(token: str, services: Services) -> Asked:
    """What a link asks for.

    Raises:
        TokenInvalid: it is not one of ours, or names a file that there is no more.
    """
    download = services.signer.read_download(token)
    content = services.content
    file = next((each for each in content.files.values() if each.id == download.file), None)
    if file is None:
        raise TokenInvalid("there is no such file any more")
    forms = (content.form(name) for name in content.forms)
    form = next((each.name for each in forms if each and each.file == file.name), "")
    return Asked(download, file, form, download.works(services.now()))


def file_address(asked: Asked, services: Services) -> str:
    """Where the file is, for some minutes.

    Raises:
        FileNotFoundError: nobody has put it into the bucket.
        ServiceUnavailable: try again.
    """
    return services.downloads.address(asked.file.key, saved_as=asked.file.saved_as)


def record_download(asked: Asked, agent: str, services: Services) -> None:
    """Record once that the file was fetched, if the contact lets links be followed.

    Raises:
        StoreBusy: it was not recorded.
    """
    if not agent or is_program(agent):
        return
    download, now = asked.download, services.now()
    try:
        register = read_register(services.store, download.contact_id)
    except ContactNotFound:
        return
    allowed = register.tracking_or(services.content.rules.tracking_default).clicks
    if register.erased_at or not allowed:
        return
    once = f"{download.signup_event_id}#{asked.file.name}"
    event = Event(
        contact_id=download.contact_id,
        event_id=event_id(milliseconds(download.at), "download", once),
        name=Name.FILE_DOWNLOADED,
        occurred_at=now,
        received_at=now,
        source="download",
        properties={
            "file": asked.file.name,
            "form": asked.form,
            "sign_up": download.signup_event_id,
        },
    )
    try:
        services.store.write(put_once(event))
    except ConditionFailed:
        return  # fetched before


def given_at_once(
    form: Form, signed_up: Event | None, services: Services
) -> tuple[str, str] | None:
    """The token and the title of the file that whoever sent a form gets at once, if it gives one.

    Where nothing was written the link works too, and tells nothing: everybody sees the same page.
    """
    file, now = services.content.files.get(form.file or ""), services.now()
    if file is None or not form.file_at_once:
        return None
    nobody = ulid(milliseconds(now), services.random_bytes(10))
    signup = signed_up.event_id if signed_up else nobody
    contact = signed_up.contact_id if signed_up else nobody
    return Gift.of(file, signup, now).token(contact, services.signer), file.title
