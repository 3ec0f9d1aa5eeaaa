"""S3, whole: its protocol is HTTP with XML, so botocore writes the request and reads the answer."""

from io import BytesIO
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

from botocore.awsrequest import HeadersDict
from botocore.response import StreamingBody

from local.emulator.ministack import (
    ACCOUNT,
    REGION,
    Backend,
    finish,
    load,
    parse,
    scope,
)
from local.hook import Answer, AwsError, Call


class S3:
    """Answers for "s3"."""

    def __init__(self, account: str = ACCOUNT, region: str = REGION) -> None:
        self.account = account
        self.region = region
        self.backend = load("s3")
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        cast("Backend", self.backend).reset()

    def call(self, call: Call) -> Answer:
        """Answer a call."""
        client: Any = call.client
        request = client._serializer.serialize_to_request(call.params, call.model)  # noqa: SLF001
        bucket = call.params.get("Bucket", "")
        path = request["url_path"]
        if bucket and not path.startswith(f"/{bucket}"):
            path = f"/{bucket}{path}"
        route, _, query_text = path.partition("?")
        query = {k: [v] for k, v in parse_qsl(query_text, keep_blank_values=True)}
        for key, value in dict(request["query_string"]).items():
            query[key] = [str(v) for v in value] if isinstance(value, list) else [str(value)]
        headers = {name.lower(): str(value) for name, value in request["headers"].items()}
        headers.setdefault("host", f"s3.{self.region}.amazonaws.com")
        body = _bytes(request["body"])
        headers["content-length"] = str(len(body))
        work = cast("Backend", self.backend).handle_request
        with scope(self.account, self.region):
            status, found, answer = finish(
                work(request["method"], unquote(route), headers, body, query)
            )
        return self._parse(call, status, _headers(found), answer)

    @staticmethod
    def _parse(call: Call, status: int, headers: HeadersDict, body: bytes | str) -> Answer:
        raw = body.encode() if isinstance(body, str) else body
        if call.model.has_streaming_output and status < 300:
            stream: Any = StreamingBody(cast("Any", BytesIO(raw)), len(raw))
            return parse(call, status, headers, stream)
        parsed = parse(call, status, headers, raw)
        if status >= 300:
            error = parsed.pop("Error", {})
            code = error.pop("Code", "") or str(status)
            raise AwsError(code, error.pop("Message", ""), status, parsed)
        return parsed


def _headers(found: dict[str, str]) -> HeadersDict:
    headers: Any = HeadersDict()
    for name, value in found.items():
        headers[name] = str(value)
    return cast("HeadersDict", headers)


def _bytes(body: object) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    if hasattr(body, "read"):
        # A call that is repeated sends the same file again, from where it began: so does botocore.
        file = cast("Any", body)
        begins = file.tell()
        whole = cast("bytes", file.read())
        file.seek(begins)
        return whole
    return b""
