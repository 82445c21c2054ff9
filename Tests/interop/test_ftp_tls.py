"""plait-ftpd over TLS: curl, lftp, and Python's ftplib, which can't go on with a session."""

from __future__ import annotations

import ftplib
import hashlib
import io
import ssl
import subprocess

import pytest
from test_ftp_clients import LIMIT, Raw, Server, curl, filled, run


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """A certificate for 127.0.0.1 with its key, in one file."""
    folder = tmp_path_factory.mktemp("pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", folder / "key",
                    "-out", folder / "cert", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"], check=True, capture_output=True)
    (folder / "pem").write_bytes((folder / "cert").read_bytes() + (folder / "key").read_bytes())
    return folder / "pem"


@pytest.fixture
def strict(tmp_path, pem):
    made = Server(filled(tmp_path / "root"), "-t", str(pem), "-s")
    yield made
    made.stop()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_curl_over_tls(strict, tmp_path, pem, version):
    how = ["--ssl-reqd", "--cacert", pem, f"--tlsv{version}", "--tls-max", version]
    curl(*how, f"{strict.url}/big", "-o", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == (strict.folder / "big").read_bytes()
    curl(*how, "-T", tmp_path / "got", f"{strict.url}/up")
    assert (strict.folder / "up").read_bytes() == (strict.folder / "big").read_bytes()
    assert "small" in curl(*how, f"{strict.url}/sub/deep/") and "type=file" in curl(*how, "-X", "MLSD", f"{strict.url}/")


def test_nothing_goes_in_clear(strict, pem):
    assert "530" in curl("-v", f"{strict.url}/text", ok=False)
    assert "521" in curl("-v", "--ftp-ssl-control", "--cacert", pem, f"{strict.url}/text", ok=False)
    raw = Raw(strict, login=False)
    assert raw.say("PBSZ 0") == 503 and raw.say("USER anonymous") == 530
    # What comes behind AUTH without encryption was put there by somebody else.
    raw.socket.sendall(b"AUTH TLS\r\nUSER anonymous\r\n")
    assert raw.reply() == 234
    assert b"331" not in raw.file.read()


def test_lftp_over_tls(strict, tmp_path, pem):
    settings = f"set ftp:ssl-allow-anonymous yes; set ssl:ca-file {pem}; set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ftp:ssl-protect-list yes; set net:max-retries 1; set net:timeout 10"
    run("lftp", "-c", f"{settings}; open {strict.url}; get big; put big -o up; mirror sub there", cwd=tmp_path)
    assert (tmp_path / "big").read_bytes() == (strict.folder / "big").read_bytes() == (strict.folder / "up").read_bytes()
    assert (tmp_path / "there/deep/small").read_bytes() == b"small\n"


def test_others_over_tls(strict, tmp_path, pem):
    """curl would rather go on in clear; wget, whose data connections go on with the session."""
    assert "502" in curl("-v", "--ssl-reqd", "--ftp-ssl-ccc", "--cacert", pem, f"{strict.url}/text")
    run("wget", "-q", "--ca-certificate", pem, "-P", tmp_path, f"{strict.url.replace('ftp:', 'ftps:')}/big", cwd=tmp_path)
    assert (tmp_path / "big").read_bytes() == (strict.folder / "big").read_bytes()


def over_tls(server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = ftplib.FTP_TLS(context=context)
    client.connect(server.host, server.port, LIMIT)
    client.login()
    client.prot_p()
    return client


def test_ftplib_cannot_resume(strict, tmp_path, pem):
    """Data connections have to resume the control connection's session; Python's client can't, and where that is asked for it need not."""
    client = over_tls(strict)
    with pytest.raises((ftplib.error_perm, OSError), match="522|EOF|reset|SHUTDOWN"):
        client.retrbinary("RETR big", lambda data: None)
    client.close()
    relaxed = Server(filled(tmp_path / "relaxed"), "-t", str(pem), "-s", "-r")
    try:
        client = over_tls(relaxed)
        got = io.BytesIO()
        client.retrbinary("RETR big", got.write)
        assert got.getvalue() == (relaxed.folder / "big").read_bytes()
        client.storbinary("STOR up", io.BytesIO(b"x" * 100_000))
        assert (relaxed.folder / "up").read_bytes() == b"x" * 100_000
        assert dict(client.mlsd())["text"]["size"] == "8"
        with pytest.raises(ftplib.error_perm, match="52[12]|53[46]"):
            client.prot_c()
            client.retrbinary("RETR big", got.write)
        client.prot_p()
        client.quit()
    finally:
        relaxed.stop()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_another_session_is_none(strict, version):
    """A data connection that goes on with another client's session is refused; with its own it is not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version

    class Client(ftplib.FTP_TLS):
        """One that can go on with a session."""

        with_session_of = None

        def ntransfercmd(self, cmd, rest=None):
            conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
            return self.context.wrap_socket(conn, session=self.with_session_of.sock.session), size

    def made():
        client = Client(context=context)
        client.connect(strict.host, strict.port, LIMIT)
        client.login()
        client.prot_p()
        client.with_session_of = client
        return client

    first, second = made(), made()
    got = io.BytesIO()
    first.retrbinary("RETR text", got.write)
    assert got.getvalue() == b"one\ntwo\n"
    first.set_pasv(False)
    got = io.BytesIO()
    first.retrbinary("RETR text", got.write)
    assert got.getvalue() == b"one\ntwo\n", "it is the server in TLS that connects"
    second.with_session_of = first
    with pytest.raises((ftplib.error_perm, OSError), match="522|EOF|reset|SHUTDOWN"):
        second.retrbinary("RETR text", lambda data: None)
    for client in (first, second):
        client.close()


def test_implicit(tmp_path, pem):
    """TLS from the first byte on."""
    server = Server(filled(tmp_path / "root"), "-t", str(pem), "-s", "-i")
    try:
        assert curl("--cacert", pem, f"ftps://127.0.0.1:{server.port}/text") == "one\ntwo\n"
        curl("--cacert", pem, "-T", server.folder / "big", f"ftps://127.0.0.1:{server.port}/up")
        assert (server.folder / "up").read_bytes() == (server.folder / "big").read_bytes()
    finally:
        server.stop()


def test_hash(strict):
    relaxed = over_tls(strict)
    digest = hashlib.sha256((strict.folder / "big").read_bytes()).hexdigest()
    assert relaxed.sendcmd("HASH big") == f"213 SHA-256 0-{3 << 20} {digest} big"
    assert relaxed.sendcmd("OPTS HASH MD5") == "200 MD5"
    assert hashlib.md5(b"one\ntwo\n").hexdigest() in relaxed.sendcmd("HASH text")
    assert "MD5*" in relaxed.sendcmd("FEAT")
    relaxed.close()
