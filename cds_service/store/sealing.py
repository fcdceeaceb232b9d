"""One encryption key for each purpose, made from the secret keys. Knows nothing of what is sealed."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def cipher(secret_keys: Sequence[str], purpose: bytes) -> MultiFernet:
    """Encrypts with the first key, decrypts with any. Another purpose's values stay closed to it."""
    return MultiFernet([Fernet(_derived(secret, purpose)) for secret in secret_keys])


def _derived(secret: str, purpose: bytes) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose)
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
