"""From files of NDJSON to lines by patient. Knows no policy and decides nothing."""
