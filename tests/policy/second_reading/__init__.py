"""Procedures of docs/policies/inotuzumab written a second time, and compared with the service on charts made at random.

Each module reads its procedure as plainly as it can, knows nothing of how the service reads it, and answers
from the facts that its charts are made of. A seed makes the same chart on every machine.
"""
