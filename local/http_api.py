"""The HTTP API: routes, payload version 2.0, response mapping, throttling, CORS.

Sources: "Working with routes for HTTP APIs", "Create AWS Lambda proxy integrations for HTTP APIs"
(payload format 2.0), "Configure CORS for HTTP APIs", "Quotas for HTTP APIs" in the API Gateway
developer guide. `HttpApi.handle` answers one request and knows nothing of sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from local.deliveries.ports import Answer, Clockwork, Invoke
from local.http_messages import Request, Response, message
from local.http_payload import ApiFacts, Cors, event_of, response_of
from local.resources import Api, CorsConfiguration, Integration, Route, RouteThrottling, Stage
from local.template import Stack, TemplateError, function_name

MAX_BODY = 10 * 1024 * 1024
MAX_HEADERS = 10_240
_FUNCTION_LIMIT = 6 * 1024 * 1024
_INTEGRATION_TIMEOUT = 30.0
_ACCOUNT_BURST, _ACCOUNT_RATE = 5_000, 10_000.0
_METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

Done = Callable[[Response], None]


class _Bucket:
    """A token bucket in virtual time: `rate` requests a second, `burst` at once."""

    def __init__(self, burst: float, rate: float, now: float) -> None:
        self._burst, self._rate = burst, rate
        self._tokens, self._seen = burst, now

    def take(self, now: float) -> bool:
        self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
        self._seen = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """One route: its key, its function and its path cut at the slashes."""

    key: str
    method: str
    segments: tuple[str, ...]
    function: str

    def match(self, method: str, path: tuple[str, ...]) -> dict[str, str] | None:
        """Return the path parameters, or None when the request is not for this route."""
        if self.method not in {"ANY", method}:
            return None
        if self.key == "$default":
            return {}
        found: dict[str, str] = {}
        for number, segment in enumerate(self.segments):
            if segment.startswith("{") and segment.endswith("+}"):
                found[segment[1:-2]] = "/".join(path[number:])
                return found if len(path) > number else None
            if number >= len(path):
                return None
            if segment.startswith("{"):
                found[segment[1:-1]] = path[number]
            elif segment != path[number]:
                return None
        return found if len(path) == len(self.segments) else None

    @property
    def order(self) -> tuple[object, ...]:
        """Sort key: the more specific route comes first, $default last."""
        kinds = tuple(
            0 if not part.startswith("{") else 2 if part.endswith("+}") else 1
            for part in self.segments
        )
        return (self.key == "$default", kinds, self.method == "ANY")


class HttpApi:
    """One HTTP API of the stack."""

    def __init__(
        self,
        hub: Clockwork,
        invoke: Invoke,
        *,
        facts: ApiFacts,
        routes: tuple[ApiRoute, ...],
        throttling: Mapping[str, RouteThrottling],
        cors: Cors | None,
    ) -> None:
        self._hub, self._invoke, self.facts = hub, invoke, facts
        self.routes = tuple(sorted(routes, key=lambda route: route.order))
        self._cors = cors
        self._throttling = throttling
        self._buckets: dict[str, _Bucket] = {}
        self._requests = 0

    def handle(self, request: Request, done: Done) -> None:
        """Answer a request; `done` gets the response, now or later in virtual time."""
        refusal = _refuse(request)
        if refusal is not None:
            done(refusal)
            return
        origin = request.header("origin")
        if self._cors is not None and _is_preflight(request):
            done(self._cors.preflight(origin))
            return
        route, parameters = self._route(request)
        if route is None:
            done(self._finish(message(404, "Not Found"), origin))
        elif not self._bucket(route).take(self._hub.now):
            done(self._finish(message(429, "Too Many Requests"), origin))
        else:
            self._call(route, parameters, request, done)

    def _call(
        self, route: ApiRoute, parameters: Mapping[str, str], request: Request, done: Done
    ) -> None:
        self._requests += 1
        event = event_of(
            request,
            route_key=route.key,
            parameters=parameters,
            facts=self.facts,
            now=self._hub.now,
            request_id=f"local{self._requests:010d}=",
        )
        origin = request.header("origin")
        answered = False

        def answer(response: Response) -> None:
            nonlocal answered
            if not answered:
                answered = True
                timer.cancel()
                done(self._finish(response, origin))

        def ended(result: Answer) -> None:
            if result.error is not None:
                answer(message(500, "Internal Server Error"))
            else:
                answer(response_of(result.payload))

        timer = self._hub.after(
            _INTEGRATION_TIMEOUT, lambda: answer(message(503, "Service Unavailable"))
        )
        self._invoke(route.function, event, ended)

    def _finish(self, response: Response, origin: str | None) -> Response:
        return response if self._cors is None else self._cors.add(response, origin)

    def _route(self, request: Request) -> tuple[ApiRoute | None, Mapping[str, str]]:
        path = tuple(unquote(request.path).split("/")[1:])
        for route in self.routes:
            parameters = route.match(request.method, path)
            if parameters is not None:
                return route, parameters
        return None, {}

    def _bucket(self, route: ApiRoute) -> _Bucket:
        bucket = self._buckets.get(route.key)
        if bucket is None:
            default = self._throttling[""]
            limit = self._throttling.get(route.key, default)
            burst = limit.throttling_burst_limit or default.throttling_burst_limit
            rate = limit.throttling_rate_limit or default.throttling_rate_limit
            bucket = _Bucket(burst or _ACCOUNT_BURST, rate or _ACCOUNT_RATE, self._hub.now)
            self._buckets[route.key] = bucket
        return bucket


def _refuse(request: Request) -> Response | None:
    line = len(request.method) + len(request.path) + len(request.query)
    if line + sum(len(name) + len(value) for name, value in request.headers) > MAX_HEADERS:
        return message(431, "Request Header Fields Too Large")
    if len(request.body) > MAX_BODY or len(request.body) > _FUNCTION_LIMIT:
        return message(413, "Request Entity Too Large")
    return None


def _is_preflight(request: Request) -> bool:
    return (
        request.method == "OPTIONS" and request.header("access-control-request-method") is not None
    )


def build_apis(stack: Stack, hub: Clockwork, invoke: Invoke) -> dict[str, HttpApi]:
    """Return the stack's HTTP APIs by logical id.

    Raises TemplateError for a route whose integration is not one of this stack's functions.
    """
    stages = {stage.api_id: stage for _, stage in stack.of(Stage)}
    apis: dict[str, HttpApi] = {}
    for resource, api in stack.of(Api):
        identity = _api_id(stack, resource.logical_id)
        stage = stages.get(identity)
        if stage is None:
            raise TemplateError(f"{resource.logical_id}: the API has no stage")
        if stage.stage_name != "$default":
            raise TemplateError(f"{resource.logical_id}: only the stage $default is supported here")
        routes = (*_explicit(stack, identity), *_from_body(resource.logical_id, api))
        unknown = [route for route in routes if route.function not in stack.functions]
        if unknown:
            raise TemplateError(f"{resource.logical_id}: {unknown[0].key} calls no function here")
        apis[resource.logical_id] = HttpApi(
            hub,
            invoke,
            facts=ApiFacts(identity, stage.stage_name, dict(stage.stage_variables)),
            routes=routes,
            throttling={"": stage.default_route_settings, **stage.route_settings},
            cors=_cors(api),
        )
    return apis


def _api_id(stack: Stack, logical_id: str) -> str:
    return stack.identities[logical_id].short


def _explicit(stack: Stack, api_id: str) -> list[ApiRoute]:
    integrations = {
        stack.identities[resource.logical_id].short: integration
        for resource, integration in stack.of(Integration)
    }
    found: list[ApiRoute] = []
    for resource, route in stack.of(Route):
        if route.api_id == api_id:
            integration = integrations.get(route.target.removeprefix("integrations/"))
            if integration is None:
                raise TemplateError(f"{resource.logical_id}: {route.target} is no integration")
            found.append(_make(route.route_key, function_name(integration.integration_uri)))
    return found


def _from_body(logical_id: str, api: Api) -> list[ApiRoute]:
    found: list[ApiRoute] = []
    for path, methods in ((api.body or {}).get("paths") or {}).items():
        for method, operation in methods.items():
            if method == "parameters":
                continue
            integration = operation.get("x-amazon-apigateway-integration", {})
            if str(integration.get("payloadFormatVersion")) != "2.0":
                raise TemplateError(f"{logical_id}: {path} is not of payload version 2.0")
            if operation.get("security"):
                raise TemplateError(f"{logical_id}: {path} has an authorizer: not supported here")
            verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            key = "$default" if path == "/$default" else f"{verb} {path}"
            found.append(_make(key, function_name(integration["uri"])))
    return found


def _make(key: str, function: str) -> ApiRoute:
    if key == "$default":
        return ApiRoute(key, "ANY", (), function)
    method, _, path = key.partition(" ")
    if method not in _METHODS or not path.startswith("/"):
        raise TemplateError(f'"{key}" is no route key. Write for example "GET /f/{{form}}"')
    return ApiRoute(key, method, tuple(path.split("/")[1:]), function)


def _cors(api: Api) -> Cors | None:
    found = api.cors_configuration
    body = (api.body or {}).get("x-amazon-apigateway-cors")
    if found is None and body:
        names = {name[:1].upper() + name[1:]: value for name, value in body.items()}
        found = CorsConfiguration.model_validate(names)
    return None if found is None else Cors(found)
