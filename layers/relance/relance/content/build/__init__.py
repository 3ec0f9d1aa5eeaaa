"""The build: reads what marketers write, refuses mistakes by file, line and sentence, compiles.

Never imported by a function: it needs PyYAML and css-inline, which are not shipped.
"""

from relance.content.build.compile import build
from relance.content.build.mistakes import BuildReport, Mistake

__all__ = ["BuildReport", "Mistake", "build"]
