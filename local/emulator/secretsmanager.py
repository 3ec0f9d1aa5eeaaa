"""Secrets Manager."""

from local.emulator.ministack import JsonService


class SecretsManager(JsonService):
    """Answers for "secretsmanager"."""

    name = "secretsmanager"
