"""What an operator sets: the environment, the trust file and the tenants that it names."""

from cds_service.settings.settings import DEFAULT_PUBLIC_URL, NAMES, Settings
from cds_service.settings.tenants import Client, SettingsError, SmartRegistration, Tenant

__all__ = [
    "DEFAULT_PUBLIC_URL",
    "NAMES",
    "Client",
    "Settings",
    "SettingsError",
    "SmartRegistration",
    "Tenant",
]
