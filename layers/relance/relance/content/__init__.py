"""What marketers write: the source models, the build, and the compiled form that functions read.

`python -m relance.content SOURCE TARGET` builds. `rules`, `compiled` and `forms` import the
standard library only, so that the public HTTP functions start quickly; `render` adds Jinja2;
everything else (pydantic, PyYAML, css-inline) is needed by the build alone and never shipped.
"""
