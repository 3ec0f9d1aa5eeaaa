"""What a browser library asks before it sends: where to send, and that nothing else is switched on.

analytics.js 2 loads no integration that is not listed, and sends to `apiHost` of `Segment.io`.
https://segment.com/docs/connections/sources/catalog/libraries/website/javascript/
"""


def browser_settings(write_key: str, host: str) -> dict[str, object]:
    """The settings of analytics.js for a page with this key; `host` is ours, without a scheme."""
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": write_key,
                "apiHost": f"{host}/v1",
                "protocol": "https",
                "unbundledIntegrations": [],
                "addBundledMetadata": False,
            }
        },
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "analyticsNextEnabled": True,
        "edgeFunction": {},
        "enabledMiddleware": {},
        "legacyVideoPluginsEnabled": False,
        "metrics": {"sampleRate": 0},
        "middlewareSettings": {},
        "remotePlugins": [],
    }
