"""Door 2: the SMART EHR launch and the detail page that a card links to."""
