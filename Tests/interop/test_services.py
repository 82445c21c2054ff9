"""Where a service is, by SRV records: dnsmasq as the name server of a namespace of its own."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def test_service_records(tmp_path):
    subprocess.run([HERE.parent / "certificates", tmp_path], check=True)
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    script = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'
    # Users are root of a namespace; where they may not have one, root has the others.
    kinds = ["--map-root-user", "--mount", "--net"]
    if subprocess.run(["unshare", *kinds, "true"], capture_output=True).returncode != 0:
        kinds.remove("--map-root-user")
    command = ["unshare", *kinds, "sh", "-c", script, "sh", tmp_path / "resolv.conf"]
    done = subprocess.run([*command, sys.executable, HERE / "services_side.py", tmp_path], capture_output=True, text=True, timeout=120)
    said = done.stdout.splitlines()
    # In the order of their priorities; behind one that is dead and one without an address; without records; with one that is dead alone.
    assert said[:3] == ["first", "second", "plain"], done.stderr
    assert said[3].startswith("ConnectionRefusedError")
    assert said[4].startswith("DNSLookupError") and "does not offer" in said[4]
    # An address has no records; with TLS, the name that is checked is the domain's.
    assert said[5:] == ["plain", "secure"], done.stderr
