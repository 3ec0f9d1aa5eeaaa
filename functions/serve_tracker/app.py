"""`GET /relance.js` and `GET /form.js`: the scripts that web pages embed.

Browsers keep it for an hour and ask again by its ETag. With `?v=` and this release's version they
keep it for a year; an older version gets the script of today, for no site may break by a release.
"""

from typing import Any

from relance.http import HttpRequest, file_answer, for_any_site, not_modified
from relance.tracker import SCRIPTS, script

HOUR = {"cache-control": "public, max-age=3600, stale-while-revalidate=86400"}
YEAR = {"cache-control": "public, max-age=31536000, immutable"}

SCRIPT = {f"/{name}.js": name for name in SCRIPTS}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Serve the script, packed for whoever can unpack it."""
    request, served = HttpRequest.of(event), script(SCRIPT[event["rawPath"]])
    tag = f'W/"{served.version}"'
    headers = {**(YEAR if request.query.get("v") == served.version else HOUR), "etag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return for_any_site(not_modified(), headers)
    packs = "gzip" in request.headers.get("accept-encoding", "")
    answer = file_answer(
        served.packed if packs else served.plain,
        content_type="text/javascript; charset=utf-8",
        encoding="gzip" if packs else None,
    )
    return for_any_site(answer, headers)
