"""inspircd with atheme's services: IRCv3, accounts, SASL."""

import os
import shutil
import subprocess
import time

from irc_side import SECONDS, Program
from ports import free_port

MODULES = (
    "cap ircv3 ircv3_accounttag ircv3_batch ircv3_capnotify ircv3_chghost ircv3_ctctags ircv3_echomessage ircv3_invitenotify "
    "ircv3_labeledresponse ircv3_msgid ircv3_servertime ircv3_sts monitor namesx uhnames sasl services_account spanningtree setname chghost ssl_gnutls sslinfo"
).split()


def program(name):
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    assert found, f"{name} is not installed"
    return found


class Network:
    """A server with its services. It lets go of what root may."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.port, self.tls_port, self.link = free_port(), free_port(), free_port()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)  # fmt: skip
        modules = "\n".join(f'<module name="{name}">' for name in MODULES)
        (folder / "inspircd.conf").write_text(f"""
<config format="xml">
<server name="irc.test.local" description="A test" network="Test" id="1AA">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}" moduledir="/usr/lib/inspircd/modules">
<admin name="a" nick="a" email="a@test.local">
{modules}
<sslprofile name="tls" provider="gnutls" certfile="{folder}/cert.pem" keyfile="{folder}/key.pem" hash="sha1" requestclientcert="yes">
<bind address="127.0.0.1" port="{self.port}" type="clients">
<bind address="127.0.0.1" port="{self.tls_port}" type="clients" sslprofile="tls">
<bind address="127.0.0.1" port="{self.link}" type="servers">
<connect name="all" allow="*" timeout="60" resolvehostnames="no" fakelag="no" commandrate="100000" threshold="100" pingfreq="60"
 hardsendq="1048576" softsendq="1048576" recvq="65536" localmax="100" globalmax="100" useident="no" requireident="no">
<link name="services.test.local" ipaddr="127.0.0.1" port="{self.link}" allowmask="127.0.0.1" recvpass="secret" sendpass="secret">
<uline server="services.test.local" silent="yes">
<sts host="localhost" duration="60" port="{self.tls_port}" preload="no">
<sasl target="services.test.local" requiressl="no">
<options prefixquit="Quit: " syntaxhints="no" defaultmodes="nt">
<performance nouserdns="yes">
<log method="file" level="normal" type="* -USERINPUT -USEROUTPUT" target="inspircd.log">
<pid file="{folder}/inspircd.pid">
""")
        modules = "\n".join(
            f'loadmodule "modules/{name}";'
            for name in (
                "protocol/inspircd backend/opensex crypto/pbkdf2 nickserv/main nickserv/register nickserv/identify nickserv/cert "
                "saslserv/main saslserv/plain saslserv/external"
            ).split()
        )
        (folder / "atheme.conf").write_text(f"""
{modules}
serverinfo {{ name = "services.test.local"; desc = "Services"; numeric = "00A"; recontime = 10; netname = "Test";
 adminname = "a"; adminemail = "a@test.local"; registeremail = "a@test.local"; hidehostsuffix = "x"; mta = "/bin/true";
 loglevel = {{ error; info; }}; maxcertfp = 5; maxlogins = 5; maxusers = 0; mdlimit = 30; emaillimit = 10; emailtime = 300;
 auth = none; casemapping = ascii; }};
uplink "irc.test.local" {{ host = "127.0.0.1"; port = {self.link}; send_password = "secret"; receive_password = "secret"; }};
nickserv {{ nick = "NickServ"; user = "ns"; host = "services.test.local"; real = "Nicks"; }};
saslserv {{ nick = "SaslServ"; user = "ss"; host = "services.test.local"; real = "SASL"; }};
general {{ }};
database {{ }};
""")
        (folder / "db").mkdir()

    def run(self, *command):
        # As somebody else where root is who runs the tests: neither of them likes to be root.
        if os.getuid() == 0:
            command = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command)
        made = Program(*map(str, command), cwd=self.folder)
        self.processes.append(made.process)
        return made

    def start(self):
        if os.getuid() == 0:
            shutil.chown(self.folder, "nobody", "nogroup")
            for path in self.folder.rglob("*"):
                shutil.chown(path, "nobody", "nogroup")
            for path in self.folder.parents:
                if path.stat().st_uid == 0 and str(path) != "/":
                    path.chmod(path.stat().st_mode | 0o055)
                if path.parent == path or str(path) == "/tmp":
                    break
        self.run(program("inspircd"), "--nofork", f"--config={self.folder}/inspircd.conf").until("InspIRCd is now running")
        services = self.run(
            program("atheme-services"), "-n", "-c", self.folder / "atheme.conf", "-D", self.folder / "db", "-p", self.folder / "atheme.pid",
            "-l", self.folder / "atheme.log",
        )  # fmt: skip
        services.until("finished synching")

    def stop(self):
        for process in self.processes:
            process.terminate()
        end = time.monotonic() + SECONDS
        for process in self.processes:
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(60)
