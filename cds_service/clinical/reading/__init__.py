"""Reading free text in a closed world: what a text asserts of this patient now, or that it was not understood.

One way in: :func:`cds_service.clinical.reading.reader.read`, a text and a topic to assertions.

1. ``tokens``: characters to words. White space is folded, long texts are not read, nothing here backtracks.
   ``layout.forms`` with ``boxes`` puts what a form has ticked in the place of its choice; ``blanks`` tells what it leaves open.
2. ``lexicon``: words to meanings, the longest match first, from the reviewed tables in ``lexicon/``.
3. ``clauses``, with ``layout.headings``: sentences, and the segments of a sentence. A blocking word silences its whole sentence.
4. ``reader``, with ``grouping``, ``subjects`` and ``asserting``: a segment that names the topic states something only if every word of it is known;
   then its polarity is worked out. One unknown word, and it decides nothing: it is quoted instead.

Markers (CD22, BCR::ABL1, residual disease) have a grammar of their own: ``markers`` and the lists of
``marker_clauses``, with ``amounts`` for numbers and ``iscn`` for cytogenetics; ``lineage`` reads names of the disease.
Does not know where a text comes from, or what follows from it.
"""
