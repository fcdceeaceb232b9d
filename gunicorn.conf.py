"""What gunicorn reads by itself in this folder: the worker settings of the package."""

from cds_service.gunicorn_conf import *  # noqa: F403
