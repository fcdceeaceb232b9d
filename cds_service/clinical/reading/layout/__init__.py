"""How notes are laid out: forms with their boxes and blanks, headings, and which state of a clause is over."""
