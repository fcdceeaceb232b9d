"""Reading of what a text says about markers: signs, lists, lineage and karyotypes."""
