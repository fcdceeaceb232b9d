"""How a text of a determination begins inside a sentence and at its start."""

_NAMES = ("Philadelphia", "Gilbert")


def lower_first(text: str) -> str:
    """The text with a small first letter, unless it begins with an abbreviation or a name."""
    kept = text[:2].isupper() and text[1:2] != " "
    return text if kept or text[1:2].isdigit() or text.startswith(_NAMES) else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """The text with a capital; ``str.capitalize`` would make the rest small."""
    return text[:1].upper() + text[1:]
