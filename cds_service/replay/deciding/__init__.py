"""From one patient's lines to what the policies say of each of the patient's orders. Knows no file."""
