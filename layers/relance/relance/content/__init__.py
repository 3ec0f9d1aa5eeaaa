"""What marketers write: the source models, the build, and the compiled form that functions read.

`python -m relance.content SOURCE TARGET` builds, `python -m relance.content.schemas FOLDER` writes
JSON Schemas for editors. `rules` and the modules that it names, `compiled` and `forms` import the
standard library only, so that the public HTTP functions start quickly; `render` adds Jinja2;
everything else (pydantic, PyYAML, css-inline) is needed by the build alone and never shipped.
"""
