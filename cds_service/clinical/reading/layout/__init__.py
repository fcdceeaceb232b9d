"""How notes are laid out: forms with their boxes and blanks, and headings."""
