"""Runs schemathesis against a server of its own, as an owner, an agent, a guest and the holder of a recovery kit.

    python run.py FOLDER_OF_PROGRAMS [EXAMPLES]

No answer may be a 5xx, and none another than openapi.json has: its status, its media type and its body.
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def signing_seed(seed: bytes) -> bytes:
    """HKDF(seed, C("identity/sign"), 32) of section 16."""
    label = b"stronghold/v1/identity/sign"
    info = len(label).to_bytes(4, "big") + label
    extracted = hmac.new(bytes(32), seed, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


def seed_of_token(token: str) -> bytes:
    """The seed in a token, an invitation or a recovery kit: behind version, suite, and two ids (section 14)."""
    text = token.rpartition("_")[2].upper()
    body = base64.b32decode(text + "=" * (-len(text) % 8))
    return body[1 + 2 + 16 + 32 :][:32]


def main() -> int:
    programs, examples = Path(sys.argv[1]), (sys.argv[2:] or ["25"])[0]
    with tempfile.TemporaryDirectory(prefix="stronghold-schemathesis-") as folder:
        folder = Path(folder)
        limits = ("refused", "logins", "account-logins")
        raised = [argument for limit in limits for argument in (f"--{limit}-per-minute", "1000000")]
        command = [programs / "stronghold-server", "--data-dir", folder / "data", "--listen", "127.0.0.1:0", *raised]
        log = (folder / "server.log").open("w")
        with subprocess.Popen(command, env={}, stdout=subprocess.PIPE, stderr=log, text=True) as server:
            try:
                return run(programs, folder, first_url(server), examples)
            finally:
                server.terminate()


def first_url(server) -> str:
    for line in server.stdout:
        for word in line.split():
            if word.startswith("http://"):
                return word.strip(".,")
    raise SystemExit("the server did not start")


def run(programs: Path, folder: Path, url: str, examples: str) -> int:
    config = folder / "config"
    environment = {
        "API_STRONGHOLD_CONFIG_DIR": str(config),
        "API_STRONGHOLD_URL": url,
        "API_STRONGHOLD_PASSWORD": "correct horse battery staple",
        "HOME": str(folder),
    }

    def cli(*arguments, stdin=None):
        command = [programs / "api-stronghold-cli", "--json", *arguments]
        done = subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{arguments}: {done.stderr}")
        return json.loads(done.stdout)

    code = str(folder / "data" / "setup-code")
    created = cli("org", "create", "Acme", "--setup-code-file", code, "--email", "owner@acme.example")
    cli("profile", "create", "production")
    cli("env", "push", "--profile", "production", "--format", "json", "-", stdin='{"KEY": "value", "OTHER": "x"}')
    cli("group", "create", "deploy")
    cli("group", "grant", "deploy", "production")
    token = cli("agent", "create", "ci", "--group", "deploy")["token"]
    invite = cli("user", "invite", "guest@acme.example", "--role", "editor")["code"]
    owner = json.loads((config / "credentials.json").read_text())["identities"][0]
    seed = base64.urlsafe_b64decode(owner["seed"] + "==")
    signers = {"owner": seed}
    signers |= {"agent": seed_of_token(token), "invitee": seed_of_token(invite)}
    signers |= {"recovery kit": seed_of_token(created["recovery_kit"])}
    failed = [name for name, seed in signers.items() if not attack(url, owner["org"], name, seed, examples)]
    if failed:
        print(f"schemathesis found something as {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def attack(url: str, org: str, name: str, seed: bytes, examples: str) -> bool:
    print(f"-- as {name}", flush=True)
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "STRONGHOLD_ORG": org,
        "STRONGHOLD_PROFILE": "production",
        "STRONGHOLD_SIGNING_SEED": signing_seed(seed).hex(),
    }
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/v1/openapi.json", "--mode", "all"]
    command += ["--checks", CHECKS, "--phases", "coverage,fuzzing", "--max-examples", examples, "--seed", "1"]
    command += ["--generation-deterministic", "--suppress-health-check", "all"]
    command += ["--request-timeout", "30", "--continue-on-failure", "--no-color"]
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(command, env=environment, cwd=folder).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
