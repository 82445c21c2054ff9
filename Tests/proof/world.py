"""What misuse tests need: one of everything that lives, one of everything that has ended, and memory that ends at a wall."""

import ctypes
import mmap
import threading

import abi

PAGE = mmap.PAGESIZE
PROCESS_WIDE = ("plait_factory", "plait_amp_command", "plait_tls_config", "plait_element")
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def at_the_wall(content, alignment=1):
    """The address of a copy of the bytes behind which no memory is: who reads on, crashes. It is never freed."""
    size = -(-max(len(content), 1) // PAGE) * PAGE
    base = _libc.mmap(None, size + PAGE, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    assert base not in (None, ctypes.c_void_p(-1).value), "mmap failed"
    assert _libc.mprotect(base + size, PAGE, 0) == 0, "mprotect failed"
    address = base + size - -(-len(content) // alignment) * alignment
    ctypes.memmove(address, bytes(content), len(content))
    return address


class Untaught(Exception):
    """The headers have something for which no case can be made from them alone: somebody has to say more."""


class World:
    """Handles of every kind, in a reactor with a loop and a manual clock, so that every function has something to work on."""

    def __init__(self, library):
        self.library = library
        self.calls = []  # names of the callbacks that came
        self.keep = []  # callbacks must outlive their use
        self.reactor = self._reactor(3 - 1)  # a loop and a manual clock
        self.factories = {kind: self.factory(kind) for kind in abi.SPOKEN}
        self.factories["accumulating"] = self.accumulating()
        self.conns = {kind: self.conn(self.reactor, self.factories[kind]) for kind in self.factories}
        told = b":s 001 abc :x\r\n:s 005 abc a=1 :are supported\r\n:abc!u@h JOIN a\r\n"
        self.check(library.plait_conn_feed(self.conns["irc"], told, len(told)), "feed")
        self.check(library.plait_conn_feed(self.conns["ident_server"], b"1, 2\r\n", 6), "feed")
        self.check(library.plait_conn_feed(self.conns["socks_server"], b"\4\1\0\x50\1\2\3\4\0", 9), "feed")
        self.live = {"plait_reactor": self.reactor, "plait_factory": self.factories["line"], "plait_conn": self.conns["line"],
                     "plait_tls_config": self.tls_config()}
        self.live.update(self._others(self.reactor))
        server = self.filled("memcache_server")
        self.pool = self.made("plait_memcache_pool_open", self.reactor, self.factories["memcache"], ctypes.addressof(server), 1, None)
        self.timed, self.live["plait_wrapper"] = self.wrapped(self.reactor, self.factories["raw"])
        self.policies = {kind: self.policy(kind, self.factories["raw"]) for kind in ("throttle", "traffic")}
        self.loopback = self.live.pop("loopback")
        self.live["plait_amp_command"] = self.command(b"Sum(l: ListOf(Integer)?, a: Integer?) -> (total: Integer?)")
        self.live["plait_element"] = self.element()
        self.list_type = 1  # behind its element's
        self.log_in(self.conns["xmpp"])
        self._settle()
        self.hand = self.by_hand()
        self.ended = self._ended()
        self._settle()
        self.elsewhere = self._elsewhere()
        for name, handles in (("lives", self.live), ("has ended", self.ended), ("belongs to another thread", self.elsewhere)):
            for kind in abi.HANDLES:
                if kind not in handles and not (kind in PROCESS_WIDE and handles is self.elsewhere):
                    raise Untaught(f"world.py has no {kind} that {name}")

    def check(self, status, what):
        assert status >= 0, f"{what}: {abi.name_of(status)}"
        return status

    def made(self, function, *arguments):
        """Calls what gives out a handle as its last argument."""
        out = ctypes.c_uint64()
        self.check(getattr(self.library, function)(*arguments, ctypes.addressof(out)), function)
        return out.value

    def callback(self, type, name, result=None):
        def called(*_):
            self.calls.append(name)
            return result
        made = type(called)
        self.keep.append(made)
        return made

    def filled(self, name):
        """A struct of the host's in which all callbacks are set."""
        made = abi.struct(name)
        for field, kind in made._fields_:
            if name == "amp_handler" and field in ("box", "boxes", "requests"):
                continue  # with these it has no responders
            if isinstance(kind, type) and issubclass(kind, ctypes._CFuncPtr):
                setattr(made, field, self.callback(kind, field, 0 if kind._restype_ else None))
        if name == "stateful_string_handler":
            handler = self.callback(abi.CALLBACKS["plait_state_fn"], "handler", None)
            states = (abi.STRUCTS["plait_state"] * 1)((b"init", handler))
            made.states, made.state_count = ctypes.addressof(states), 1
            self.keep.append(states)
        if name == "xmpp_options":
            made.jid, made.flags = b"example.org", abi.CONSTANTS["PLAIT_XMPP_WITHOUT_TLS"] | abi.CONSTANTS["PLAIT_XMPP_ROSTER"]
        if name == "xmpp_contact":
            made.jid.data, made.jid.len = at_the_wall(b"abc"), 3
        if name == "xmpp_presence":
            made.role = 1
            for field in (made.to, made.nick):
                field.data, field.len = at_the_wall(b"abc"), 3
        if name == "timeout_options":
            made.idle_ms = 1 << 40
        if name == "access_options":
            made.allow, made.deny = b"0.0.0.0/0", b"10.0.0.0/8"
        if name == "loopback_options":
            made.cut = abi.CONSTANTS["PLAIT_LOOPBACK_HOST"]
        if name == "ftp_avatar":
            made.root.data, made.root.len = at_the_wall(b"/tmp"), 4
        if name == "ftp_client_request":
            made.command, made.descriptor = abi.CONSTANTS["PLAIT_FTP_PWD"], -1
            made.sink, made.source, made.progress = type(made.sink)(), type(made.source)(), type(made.progress)()
        if name == "memcache_request":
            key = (abi.STRUCTS["plait_bytes"] * 1)((at_the_wall(b"abc"), 3))
            made.command, made.keys, made.count = abi.CONSTANTS["PLAIT_MEMCACHE_GET"], ctypes.addressof(key), 1
            self.keep.append(key)
        if name == "address":
            made.family, made.port, made.host = abi.CONSTANTS["PLAIT_FAMILY_IPV4"], 1, b"127.0.0.1"
        if name == "socks_options":
            made.host, made.port = b"a", 1
        if name == "memcache_server":
            made.endpoint = b"memory:nobody"
        if name == "irc_options":
            made.nick.data, made.nick.len = at_the_wall(b"abc"), 3
        if name == "tls_conn_options":
            made.role, made.server_name = 1, b"localhost"
        if name == "splits_options":
            made.data.data, made.data.len = at_the_wall(b"abc"), 3
            made.make = dict(made._fields_)["make"](self._make)
        self.keep.append(made)
        return made

    def _make(self, user, reactor, out):
        """Makes the factory that plait_splits_run() asks for."""
        return self.library.plait_accumulating_factory_new(out)

    def factory(self, kind):
        handler = self.filled(kind + "_handler")
        out = ctypes.c_uint64()
        function = abi.FUNCTIONS[f"plait_{kind}_factory_new"]
        known = {"out": ctypes.addressof(out), "options": None, "handler": ctypes.addressof(handler), "user": None}
        if any(part.name == "options" and not part.may_be_null for part in function.parameters):
            known["options"] = ctypes.addressof(self.filled(kind + "_options"))
        for part in function.parameters:
            if part.name not in known:
                raise Untaught(f"{function.name}: world.py does not know what to give for `{part.name}`")
        self.check(getattr(self.library, function.name)(*(known[part.name] for part in function.parameters)), kind)
        return out.value

    def ftp_request(self, reactor, is_login):
        """A question of an FTP session, who logs in or a command, that waits for its answer."""
        found = []
        handler = abi.struct("ftp_server_handler")
        handler.login = dict(handler._fields_)["login"](lambda user, conn, request, login: found.append(request))
        command = abi.CALLBACKS["plait_ftp_command_fn"](lambda user, conn, request, name, params, len: found.append(request))
        self.keep += [handler, command]
        out = ctypes.c_uint64()
        self.check(self.library.plait_ftp_server_factory_new(ctypes.addressof(out), None, ctypes.addressof(handler), None), "ftp")
        self.check(self.library.plait_ftp_server_factory_add_command(out.value, b"HELLO", 1, command), "command")
        said = b"USER me\r\nPASS x\r\n" if is_login else b"HELLO\r\n"
        self.check(self.library.plait_conn_feed(self.conn(reactor, out.value), said, len(said)), "feed")
        return found[0]

    # What a shell has to be asked, for these to answer it.
    FTP_ASKED = {"plait_ftp_request_add_entry": "STAT", "plait_ftp_request_finish": "LIST", "plait_ftp_request_set_descriptor": "OPEN_READ",
                 "plait_ftp_request_set_file": "OPEN_READ", "plait_ftp_request_add_data": "READ"}

    def ftp_asked(self, wanted):
        """A question of that kind to a shell of the host's, which waits for its answer: of a session in memory, with a data connection."""
        found, library, reactor = [], self.library, self.reactor
        action = abi.CONSTANTS["PLAIT_FTP_ASK_" + wanted]
        handler, avatar = abi.struct("ftp_server_handler"), abi.struct("ftp_avatar", flags=abi.CONSTANTS["PLAIT_FTP_SHELL"])

        def login(user, conn, request, who):
            self.check(library.plait_ftp_request_accept(request, ctypes.addressof(avatar)), "accept")

        def ask(user, conn, request, question):
            asked = abi.STRUCTS["plait_ftp_question"].from_address(question).action
            if asked == action:
                found.append(request)
            elif asked == abi.CONSTANTS["PLAIT_FTP_ASK_OPEN_READ"]:
                library.plait_ftp_request_set_file(request, None)
                library.plait_ftp_request_finish(request, 0)

        handler.login = dict(handler._fields_)["login"](login)
        handler.ask = dict(handler._fields_)["ask"](ask)
        raw, clients = self.factory("raw"), []
        done = abi.CALLBACKS["plait_connect_fn"](lambda user, call, conn, reason: clients.append(conn))
        self.keep += [handler, avatar, done]
        out = ctypes.c_uint64()
        self.check(library.plait_ftp_server_factory_new(ctypes.addressof(out), None, ctypes.addressof(handler), None), "ftp")

        def turn():
            for _ in range(8):
                self.check(library.plait_reactor_poll(reactor, 0), "poll")

        self.made("plait_listen", reactor, b"memory:ftp", out.value, None)
        self.made("plait_connect", reactor, b"memory:ftp", raw, None, done, None)
        turn()
        for said in (b"USER me\r\nPASS x\r\nEPSV\r\n", b"", b"SIZE x\r\n" if wanted == "STAT" else b"RETR x\r\n" if "READ" in wanted else b"LIST\r\n"):
            if said:
                self.check(library.plait_conn_write(clients[0], said, len(said)), "write")
            else:
                self.made("plait_connect", reactor, b"memory:ftp-data-1", raw, None, done, None)
            turn()
        self._call()
        return found[0]

    def command(self, signature):
        out = ctypes.c_uint64()
        self.check(self.library.plait_amp_command_parse(ctypes.addressof(out), 0, signature, None), "command")
        return out.value

    def log_in(self, conn):
        """Has a conn that speaks XMPP come to where stanzas may be sent."""
        header = (b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:features>%s"
                  b"</stream:features>")
        for text in (header % b"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms>",
                     b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", header % b"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>",
                     b"<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>me@example.org/r</jid></bind></iq>",
                     b"<iq type='result' id='plait-roster'><query xmlns='jabber:iq:roster'><item jid='a@b'/></query></iq>"):
            self.check(self.library.plait_conn_feed(conn, text, len(text)), "login")

    def element(self, document=b"<a a='1'><b/>t<c/></a>"):
        out = ctypes.c_uint64()
        self.check(self.library.plait_element_parse(ctypes.addressof(out), document, len(document), None, None), "element")
        return out.value

    def request(self, reactor, factory, conn, name=b"Wait", kind=b""):
        """A request that waits for its answer, with its arguments."""
        found = []

        def respond(_, __, box):
            found.append(box)
            self.check(self.library.plait_amp_box_retain(box), "retain")
        responder = abi.CALLBACKS["plait_amp_responder_fn"](respond)
        self.keep.append(responder)
        command = self.command(name + b"(a: Integer, r: Float?, l: ListOf(Integer)?) -> (v: Integer?)" + kind)
        self.check(self.library.plait_amp_factory_add_responder(factory, command, responder), "responder")
        fields = (b"_ask", b"1"), (b"_command", name), (b"a", b"5")
        box = b"".join(bytes([0, len(key)]) + key + bytes([0, len(value)]) + value for key, value in fields) + b"\0\0"
        self.check(self.library.plait_conn_feed(conn, box, len(box)), "feed")
        return found[0]

    def conn(self, reactor, factory):
        ops = self.filled("transport_ops")
        return self.made("plait_conn_attach", reactor, factory, ctypes.addressof(ops), None)

    def tls_config(self):
        """A client's defaults."""
        out = ctypes.c_uint64()
        self.check(self.library.plait_tls_config_new(ctypes.addressof(out), None, None), "configuration of TLS")
        return out.value

    def policy(self, kind, inner, name=None):
        """A factory around a factory."""
        out = ctypes.c_uint64()
        options = self.filled(name or kind + "_options")
        rest = {"access": (None,), "proxy": (None,), "wrapper": (None,)}.get(kind, ())
        self.check(getattr(self.library, f"plait_{kind}_factory_new")(ctypes.addressof(out), inner, ctypes.addressof(options), *rest), kind)
        return out.value

    def wrapped(self, reactor, inner):
        """A conn with a wrapper and time limits, and the wrapper."""
        seen = []
        hooks = abi.struct("wrapper_handler")
        hooks.built = dict(hooks._fields_)["built"](lambda user, wrapper: seen.append(wrapper) or 0)
        out = ctypes.c_uint64()
        self.keep.append(hooks)
        self.check(self.library.plait_wrapper_factory_new(ctypes.addressof(out), inner, ctypes.addressof(hooks), None), "wrapper")
        return self.conn(reactor, self.policy("timeout", out.value)), seen[0]

    def accumulating(self):
        out = ctypes.c_uint64()
        self.check(self.library.plait_accumulating_factory_new(ctypes.addressof(out)), "accumulating")
        return out.value

    def by_hand(self):
        """A reactor by hand, with a listener, an attempt to connect and a transport."""
        reactor = self._reactor(1 + 4)
        done = abi.CALLBACKS["plait_connect_fn"]()
        factory = self.factory("line")
        transport = ctypes.c_uint64()
        self.check(self.library.plait_string_transport_new(ctypes.addressof(transport), reactor, None), "transport")
        return {
            "plait_reactor": reactor,
            "plait_listener": self.made("plait_listen", reactor, b"tcp:80", factory, None),
            "plait_call": self.made("plait_connect", reactor, b"tcp:a:80", factory, None, done, None),
            "plait_string_transport": transport.value,
        }

    def _reactor(self, flags):
        out = ctypes.c_uint64()
        options = abi.struct("reactor_options", flags=flags)
        self.check(self.library.plait_reactor_new(ctypes.addressof(out), ctypes.addressof(options)), "reactor")
        return out.value

    def _others(self, reactor):
        """A listener, a timer, a call and a connector; none of them ever comes to anything by itself."""
        factory = self.factories["line"]
        timer = self.callback(abi.CALLBACKS["plait_timer_fn"], "timer")
        done = self.callback(abi.CALLBACKS["plait_connect_fn"], "done")
        waiting = abi.struct("connector_options", initial_ms=10_000_000, maximum_ms=10_000_000)
        self.keep.append(waiting)
        loopback = abi.struct("loopback_options", flags=abi.CONSTANTS["PLAIT_LOOPBACK_BY_HAND"])
        call = ctypes.c_uint64()
        self.check(self.library.plait_loopback(reactor, factory, factory, ctypes.addressof(loopback),
                                               abi.CALLBACKS["plait_loopback_fn"](), None,
                                               ctypes.addressof(call)), "loopback")
        transport = ctypes.c_uint64()
        self.check(self.library.plait_string_transport_new(ctypes.addressof(transport), reactor, None), "transport")
        return {
            "loopback": call.value,
            "plait_string_transport": transport.value,
            "plait_listener": self.made("plait_listen", reactor, b"memory:here", factory, None),
            "plait_timer": self.made("plait_timer_start", reactor, 1 << 40, 0, timer, None),
            "plait_call": self.made("plait_connect", reactor, b"memory:here", factory, None, done, None),
            "plait_connector": self.made("plait_connector_start", reactor, b"memory:nobody", factory,
                                         ctypes.addressof(waiting), None, None),
        }

    def _settle(self):
        """Everything that was begun has had its first turn, but for the call, which is begun anew."""
        self.check(self.library.plait_reactor_poll(self.reactor, 0), "poll")
        if "plait_amp_box" not in self.live:
            talking = self.reactor, self.factories["amp"], self.conns["amp"]
            self.live["plait_amp_box"] = self.request(*talking)
            self.live["plait_ftp_request"] = self.ftp_request(self.reactor, True)
            self.ftp_command = self.ftp_request(self.reactor, False)
            # What is answered in a way of its own.
            self.requests = {
                "plait_amp_answer_switch": self.request(*talking, b"Switch", b" switch"),
                "plait_amp_answer_tls": self.request(*talking, b"StartTLS"),
            }
        self._call()

    def _call(self):
        """A call that is under way until the next turn."""
        done = self.callback(abi.CALLBACKS["plait_connect_fn"], "done")
        self.live["plait_call"] = self.made("plait_connect", self.reactor, b"memory:here", self.factories["line"], None, done, None)
        self.calls.clear()

    def _ended(self):
        """Of each kind one whose object is gone, while its reactor lives; and the reactor's is of one that was freed."""
        library = self.library
        other = self._reactor(0)
        self.check(library.plait_reactor_free(other), "free")
        factory = self.factory("raw")
        self.check(library.plait_factory_release(factory), "release")
        conn = self.conn(self.reactor, self.factories["raw"])
        self.check(library.plait_conn_abort(conn), "abort")
        config = self.tls_config()
        self.check(library.plait_tls_config_release(config), "release")
        ended = {"plait_reactor": other, "plait_factory": factory, "plait_conn": conn, "plait_tls_config": config}
        ended["plait_amp_command"] = self.command(b"Gone()")
        self.check(library.plait_amp_command_release(ended["plait_amp_command"]), "release")
        ended["plait_element"] = self.element()
        self.check(library.plait_element_free(ended["plait_element"]), "free")
        talking = self.conn(self.reactor, self.factories["amp"])
        ended["plait_amp_box"] = self.request(self.reactor, self.factories["amp"], talking)
        self.check(library.plait_amp_answer(ended["plait_amp_box"], None, 0), "answer")
        ended["plait_ftp_request"] = self.ftp_request(self.reactor, True)
        self.check(library.plait_ftp_request_refuse(ended["plait_ftp_request"]), "refuse")
        line = self.factories["line"]
        timer = self.callback(abi.CALLBACKS["plait_timer_fn"], "timer")
        ended["plait_timer"] = self.made("plait_timer_start", self.reactor, 5, 0, timer, None)
        self.check(library.plait_timer_cancel(ended["plait_timer"]), "cancel")
        ended["plait_listener"] = self.made("plait_listen", self.reactor, b"memory:gone", line, None)
        self.check(library.plait_listener_close(ended["plait_listener"]), "close")
        ended["plait_call"] = self.made("plait_connect", self.reactor, b"memory:nobody", line, None, abi.CALLBACKS["plait_connect_fn"](), None)
        self.check(library.plait_call_cancel(ended["plait_call"]), "cancel")
        ended["plait_connector"] = self.made("plait_connector_start", self.reactor, b"memory:nobody", line, None, None, None)
        self.check(library.plait_connector_stop(ended["plait_connector"]), "stop")
        gone, ended["plait_wrapper"] = self.wrapped(self.reactor, self.factories["raw"])
        self.check(library.plait_conn_abort(gone), "abort")
        transport = ctypes.c_uint64()
        self.check(library.plait_string_transport_new(ctypes.addressof(transport), self.reactor, None), "transport")
        ended["plait_string_transport"] = transport.value
        self.check(library.plait_string_transport_free(transport.value), "free")
        return ended

    def _elsewhere(self):
        """Of each kind one that belongs to a reactor of another thread; and a factory that is bound to that reactor."""
        found = {}

        def make():
            found["plait_reactor"] = reactor = self._reactor(3 - 1)
            mine = self.factory("line")
            found["bound factory"] = mine
            found["plait_conn"] = self.conn(reactor, mine)
            amp = self.factory("amp")
            found["plait_amp_box"] = self.request(reactor, amp, self.conn(reactor, amp))
            found["plait_element"] = self.live["plait_element"]
            found["plait_ftp_request"] = self.ftp_request(reactor, True)
            found["plait_amp_command"] = self.live["plait_amp_command"]
            kept, self.factories["line"] = self.factories["line"], mine
            found.update(self._others(reactor))
            found["plait_wrapper"] = self.wrapped(reactor, mine)[1]
            self.factories["line"] = kept
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        assert "plait_connector" in found, "the other thread failed"
        return found

    def free(self):
        """True when the reactor could be freed by the thread that made it."""
        self.library.plait_reactor_free(self.hand["plait_reactor"])
        return self.library.plait_reactor_free(self.reactor)
