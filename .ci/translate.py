"""Write the template as SAM translates it, for cfn-lint: what SAM adds may be wrong as well.

Usage: ``python .ci/translate.py template.yaml .build/translated.json``.
"""

import json
import sys
from pathlib import Path

from local.translation import read_template, translate

# Only the parameters without a default; the values do not matter to a linter.
GIVEN = {"SenderAddress": "hello@example.com", "PostalAddress": "Example Ltd, 1 Main Street"}


def main(source: Path, target: Path) -> None:
    """Translate the template in `source` and write it to `target` as JSON."""
    translated = translate(
        read_template(source),
        parameters=GIVEN,
        region="eu-west-1",
        cache=target.parent / "template",
    )
    # SAM leaves these to the packaging that has not happened here.
    translated.pop("Metadata", None)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(translated, indent=1), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
