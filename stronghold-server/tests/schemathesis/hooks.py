"""What schemathesis cannot make up: signatures (docs/protocol.md, section 12), and an organization that exists."""

import base64
import hashlib
import os
import re
import time
from urllib.parse import urlsplit

import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from requests.auth import AuthBase

ORG = os.environ["STRONGHOLD_ORG"]
PROFILE = os.environ["STRONGHOLD_PROFILE"]
SIGNING_SEED = bytes.fromhex(os.environ["STRONGHOLD_SIGNING_SEED"])


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def context(purpose: str, *fields: bytes) -> bytes:
    """C(purpose, fields...) of section 1."""
    parts = [b"stronghold/v1/" + purpose.encode(), *fields]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


class Signature(AuthBase):
    """Signs what is about to be sent, whatever was made of it."""

    def __init__(self, seed: bytes) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = b64(hashlib.sha256(context("key-id", public)).digest())

    def __call__(self, request):
        url = urlsplit(request.url)
        body = request.body or b""
        body = body if isinstance(body, bytes) else str(body).encode()
        covered = ['"@method"', '"@authority"', '"@path"', '"@query"']
        lines = [
            f'"@method": {request.method}',
            f'"@authority": {url.netloc}',
            f'"@path": {url.path}',
            f'"@query": ?{url.query}',
        ]
        if body:
            digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
            request.headers["content-digest"] = digest
            covered.append('"content-digest"')
            lines.append(f'"content-digest": {digest}')
        parameters = (
            f"({' '.join(covered)});created={int(time.time())};nonce=\"{b64(os.urandom(16))}\""
            f';keyid="{self.key_id}";tag="stronghold-v1"'
        )
        lines.append(f'"@signature-params": {parameters}')
        signature = base64.b64encode(self.key.sign("\n".join(lines).encode())).decode()
        request.headers["signature-input"] = f"stronghold={parameters}"
        request.headers["signature"] = f"stronghold=:{signature}:"
        return request


schemathesis.auth.set_from_requests(Signature(SIGNING_SEED))


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Puts what exists in the place of what is only well formed."""
    path, query = case.path_parameters, case.query
    if isinstance(path, dict):
        if re.fullmatch(r"[A-Za-z0-9_-]{43}", str(path.get("org", ""))):
            path["org"] = ORG
        name = path.get("profile")
        if isinstance(name, str) and len(name) != 4:
            path["profile"] = PROFILE
    if isinstance(query, dict):
        for name in ("anchor", "remembered", "from", "before", "old"):
            value = query.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value % 4:
                query[name] = value % 4
