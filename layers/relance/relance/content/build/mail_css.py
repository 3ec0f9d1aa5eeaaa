"""What style sheets cannot do in mail programs, told with its line (source: www.caniemail.com).

What would hide the text or load something is refused; what some programs leave out is warned of.
"""

import re

from relance.content.build.mistakes import Findings

_GENERIC = frozenset(
    ["serif", "sans-serif", "monospace", "cursive", "fantasy", "system-ui", "inherit", "initial"]
)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_FONTS = re.compile(r"(?<![-\w])font-family\s*:\s*([^;}]+)", re.IGNORECASE)
_REFUSED = {
    r"(?<![-\w])position\s*:\s*(?:absolute|fixed|sticky)": (
        "Gmail and Outlook drop position, and what it moves covers other text. Use a table."
    ),
    r"@import": "mail programs load no other style sheet. Write the styles here.",
    r"(?:expression\s*\(|(?<![-\w])behavior\s*:|javascript\s*:)": (
        "mail programs take a style that runs something for an attack. Leave it out."
    ),
    r"url\(\s*[\"']?http:": (
        "mail programs do not load pictures without encryption. Write https://…"
    ),
    r"url\(\s*[\"']?(?!https?:|data:|[\s\"')])": (
        "a picture in a style needs its full web address. Write url(https://…), or show the "
        "picture with <img>."
    ),
}
_WARNED = {
    r"(?<![-\w])display\s*:\s*(?:inline-)?(?:flex|grid)": (
        "Outlook knows neither flex nor grid and puts everything below each other. A table works "
        "everywhere."
    ),
    r"(?<![-\w])background(?:-image)?\s*:[^;}]*url\(": (
        "Outlook shows no background picture. Text on it needs a background-color as well."
    ),
    r"@font-face": (
        "Gmail and Outlook load no web font. See that the mail reads well in the font that "
        "font-family names next."
    ),
    r"(?<![-\w])float\s*:\s*(?:left|right)": "Outlook ignores float. A table works everywhere.",
    r"(?<![-\w])var\(\s*--": "Gmail and Outlook know no variables. Write the value itself.",
}


def check_css(findings: Findings, file: str, css: str, *, line: int = 1) -> None:
    """Note what does not work. `line` is that of the file in which the text begins."""
    css = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), css)
    for rules, note in ((_REFUSED, findings.wrong), (_WARNED, findings.warn)):
        for pattern, sentence in rules.items():
            for found in re.finditer(pattern, css, re.IGNORECASE):
                note(file, line + css.count("\n", 0, found.start()), sentence)
    for found in _FONTS.finditer(css):
        at = line + css.count("\n", 0, found.start())
        if "@font-face" not in css[css.rfind("}", 0, found.start()) + 1 : found.start()]:
            check_fonts(findings, file, found[1], line=at)


def check_fonts(findings: Findings, file: str, families: str, *, line: int) -> None:
    """Note a list of fonts that a machine may not have one of."""
    last = families.replace("!important", "").rpartition(",")[2].strip().strip("\"'").lower()
    if last not in _GENERIC:
        findings.warn(
            file,
            line,
            f'who has no font "{last}" sees whatever comes. End the list with serif or sans-serif.',
        )
