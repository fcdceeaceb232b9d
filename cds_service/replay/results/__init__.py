"""From decisions to the files and pages that people read. Evaluates nothing."""
