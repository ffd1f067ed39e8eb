"""Reads jobs (secret, body, headers) as JSON, and writes what PyPI's standardwebhooks made of each: its content, or null."""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError


def verified(job):
    try:
        return Webhook(job["secret"]).verify(job["body"], job["headers"])
    except WebhookVerificationError:
        return None


json.dump([verified(job) for job in json.load(sys.stdin)], sys.stdout)
