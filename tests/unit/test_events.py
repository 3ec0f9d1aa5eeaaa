"""The names of events: which of them only the suite writes."""

from relance.events import RESERVED, Name


def test_every_event_of_the_suite_is_reserved_but_what_clients_report() -> None:
    assert set(Name) - set(RESERVED) == {
        Name.IDENTIFIED,
        Name.FILE_DOWNLOADED,
        Name.ORDER_COMPLETED,
    }
