"""Recommendations that are neither policy nor label: QT, and data of doubtful quality."""
