"""Where the patient is: doses, cycle and day, courses, lines of therapy, response, documents."""
