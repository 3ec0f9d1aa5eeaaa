"""CloudEvents 1.0 in JSON, structured and batched, mapped onto items of the Segment form.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md

| CloudEvent | becomes |
|---|---|
| `source` and `id` | the id that tells a repeated delivery from a new event |
| `type` | the event's name: what stands behind its last dot, `com.example.order_completed` |
| `time` | when it happened |
| `subject`, or the extensions `userid`, `anonymousid` | whose it is |
| `data` | the event's properties |
| `source`, `type`, `dataschema` | the event's context |
"""

from collections.abc import Mapping

from relance.errors import InvalidInput

_TEXTS = ("id", "source", "type")


def item_of(value: object) -> dict[str, object]:
    """The CloudEvent as an item of the Segment form.

    Raises:
        InvalidInput: it is no CloudEvent 1.0, or its data are no JSON object.
    """
    if not isinstance(value, Mapping):
        raise InvalidInput("a CloudEvent is a JSON object")
    if value.get("specversion") != "1.0":
        raise InvalidInput('"specversion" must be "1.0"')
    for name in _TEXTS:
        if not isinstance(value.get(name), str) or not value[name]:
            raise InvalidInput(f'"{name}" is missing')
    if "data_base64" in value or not _is_json(value.get("datacontenttype")):
        raise InvalidInput('"data" must be a JSON object, and "datacontenttype" application/json')
    about = {name: value[name] for name in ("source", "type", "dataschema") if name in value}
    user = value.get("userid", None if "anonymousid" in value else value.get("subject"))
    return {
        "type": "track",
        "event": str(value["type"]).rpartition(".")[2],
        "messageId": f"{value['source']} {value['id']}",
        "userId": user,
        "anonymousId": value.get("anonymousid"),
        "timestamp": value.get("time"),
        "properties": value.get("data"),
        "context": {"cloudevent": about},
    }


def _is_json(kind: object) -> bool:
    text = str(kind).partition(";")[0].strip().lower()
    return kind is None or text == "application/json" or text.endswith("+json")
