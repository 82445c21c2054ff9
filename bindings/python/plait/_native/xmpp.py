"""``plait/xmpp.h``: constants, structs and functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int32, c_uint32, c_uint64, c_void_p

from .calls import quick
from .structs import TABLE, Bytes, Handle, Reason, Sized

# plait/xmpp.h
XMPP_CLIENT = 0
XMPP_COMPONENT = 1
XMPP_COMPONENT_HOST = 2
XMPP_WITHOUT_TLS = 1
XMPP_WITHOUT_MANAGEMENT = 2
XMPP_ROSTER = 4
XMPP_CARBONS = 8
XMPP_RECEIPTS = 16
XMPP_WITHOUT_REDIRECTS = 32
XMPP_SCRAM_SHA_256_PLUS = 1
XMPP_SCRAM_SHA_256 = 2
XMPP_SCRAM_SHA_1_PLUS = 4
XMPP_SCRAM_SHA_1 = 8
XMPP_EXTERNAL = 16
XMPP_PLAIN = 32
XMPP_ANONYMOUS = 64
XMPP_STREAM_BAD_FORMAT = 1
XMPP_STREAM_BAD_NAMESPACE_PREFIX = 2
XMPP_STREAM_CONFLICT = 3
XMPP_STREAM_CONNECTION_TIMEOUT = 4
XMPP_STREAM_HOST_GONE = 5
XMPP_STREAM_HOST_UNKNOWN = 6
XMPP_STREAM_IMPROPER_ADDRESSING = 7
XMPP_STREAM_INTERNAL_SERVER_ERROR = 8
XMPP_STREAM_INVALID_FROM = 9
XMPP_STREAM_INVALID_NAMESPACE = 10
XMPP_STREAM_INVALID_XML = 11
XMPP_STREAM_NOT_AUTHORIZED = 12
XMPP_STREAM_NOT_WELL_FORMED = 13
XMPP_STREAM_POLICY_VIOLATION = 14
XMPP_STREAM_REMOTE_CONNECTION_FAILED = 15
XMPP_STREAM_RESET = 16
XMPP_STREAM_RESOURCE_CONSTRAINT = 17
XMPP_STREAM_RESTRICTED_XML = 18
XMPP_STREAM_SEE_OTHER_HOST = 19
XMPP_STREAM_SYSTEM_SHUTDOWN = 20
XMPP_STREAM_UNDEFINED_CONDITION = 21
XMPP_STREAM_UNSUPPORTED_ENCODING = 22
XMPP_STREAM_UNSUPPORTED_FEATURE = 23
XMPP_STREAM_UNSUPPORTED_STANZA_TYPE = 24
XMPP_STREAM_UNSUPPORTED_VERSION = 25
XMPP_LOGIN_ABORTED = 101
XMPP_LOGIN_ACCOUNT_DISABLED = 102
XMPP_LOGIN_CREDENTIALS_EXPIRED = 103
XMPP_LOGIN_ENCRYPTION_REQUIRED = 104
XMPP_LOGIN_INCORRECT_ENCODING = 105
XMPP_LOGIN_INVALID_AUTHZID = 106
XMPP_LOGIN_INVALID_MECHANISM = 107
XMPP_LOGIN_MALFORMED_REQUEST = 108
XMPP_LOGIN_MECHANISM_TOO_WEAK = 109
XMPP_LOGIN_NOT_AUTHORIZED = 110
XMPP_LOGIN_TEMPORARY_FAILURE = 111
XMPP_STANZA_BAD_REQUEST = 201
XMPP_STANZA_CONFLICT = 202
XMPP_STANZA_FEATURE_NOT_IMPLEMENTED = 203
XMPP_STANZA_FORBIDDEN = 204
XMPP_STANZA_GONE = 205
XMPP_STANZA_INTERNAL_SERVER_ERROR = 206
XMPP_STANZA_ITEM_NOT_FOUND = 207
XMPP_STANZA_JID_MALFORMED = 208
XMPP_STANZA_NOT_ACCEPTABLE = 209
XMPP_STANZA_NOT_ALLOWED = 210
XMPP_STANZA_NOT_AUTHORIZED = 211
XMPP_STANZA_POLICY_VIOLATION = 212
XMPP_STANZA_RECIPIENT_UNAVAILABLE = 213
XMPP_STANZA_REDIRECT = 214
XMPP_STANZA_REGISTRATION_REQUIRED = 215
XMPP_STANZA_REMOTE_SERVER_NOT_FOUND = 216
XMPP_STANZA_REMOTE_SERVER_TIMEOUT = 217
XMPP_STANZA_RESOURCE_CONSTRAINT = 218
XMPP_STANZA_SERVICE_UNAVAILABLE = 219
XMPP_STANZA_SUBSCRIPTION_REQUIRED = 220
XMPP_STANZA_UNDEFINED_CONDITION = 221
XMPP_STANZA_UNEXPECTED_REQUEST = 222
XMPP_SUBSCRIPTION_NONE = 0
XMPP_SUBSCRIPTION_TO = 1
XMPP_SUBSCRIPTION_FROM = 2
XMPP_SUBSCRIPTION_BOTH = 3
XMPP_SUBSCRIPTION_REMOVE = 4
XMPP_CONTACT_ASKED = 1
XMPP_CONTACT_APPROVED = 2
XMPP_READY = 1
XMPP_MANAGED = 2
XMPP_RESUMABLE = 4

XmppStanzaFunction = CFUNCTYPE(c_int, c_void_p, Handle, Handle)
XmppAnswerFunction = CFUNCTYPE(None, c_void_p, Handle, Handle, POINTER(Reason))
XmppReadyFunction = CFUNCTYPE(None, c_void_p, Handle, c_int)
XmppReturnedFunction = CFUNCTYPE(None, c_void_p, Handle, Handle)


class XmppOptions(Sized):
    """``plait_xmpp_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("role", c_uint32),
        ("mechanisms", c_uint32),
        ("jid", c_char_p),
        ("password", c_char_p),
        ("language", c_char_p),
        ("tls", Handle),
        ("max_stanza", c_uint32),
        ("max_depth", c_uint32),
        ("max_elements", c_uint32),
        ("max_attributes", c_uint32),
        ("max_calls", c_uint32),
        ("max_waiting", c_uint32),
        ("login_ms", c_uint64),
        ("call_ms", c_uint64),
        ("keep_alive_ms", c_uint64),
        ("software", c_char_p),
        ("software_version", c_char_p),
        ("identity", c_char_p),
        ("features", c_char_p),
    ]


class XmppContact(Sized):
    """``plait_xmpp_contact``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("subscription", c_uint32),
        ("reserved", c_uint32),
        ("jid", Bytes),
        ("name", Bytes),
        ("groups", Bytes),
    ]


XmppRosterFunction = CFUNCTYPE(None, c_void_p, Handle, c_int)
XmppContactFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(XmppContact))


class XmppHandler(Sized):
    """``plait_xmpp_handler``."""

    _fields_ = [
        *TABLE,
        ("ready", XmppReadyFunction),
        ("message", XmppStanzaFunction),
        ("presence", XmppStanzaFunction),
        ("request", XmppStanzaFunction),
        ("other", XmppStanzaFunction),
        ("returned", XmppReturnedFunction),
        ("roster", XmppRosterFunction),
        ("contact", XmppContactFunction),
    ]


class XmppSession(Sized):
    """``plait_xmpp_session``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("mechanism", c_uint32),
        ("calls", c_uint32),
        ("waiting", c_uint32),
        ("reserved", c_uint32),
        ("jid", Bytes),
        ("stream_id", Bytes),
        ("component", Bytes),
    ]


xmpp_factory_new: Callable[..., int] = quick(
    "plait_xmpp_factory_new",
    c_int,
    POINTER(Handle),
    POINTER(XmppOptions),
    POINTER(XmppHandler),
    c_void_p,
)
xmpp_factory_give_up: Callable[..., int] = quick(
    "plait_xmpp_factory_give_up", c_int, Handle, Handle
)
xmpp_factory_add_handler: Callable[..., int] = quick(
    "plait_xmpp_factory_add_handler", c_int, Handle, c_char_p, XmppStanzaFunction
)
xmpp_send: Callable[..., int] = quick("plait_xmpp_send", c_int, Handle, Handle, c_uint32)
xmpp_call: Callable[..., int] = quick(
    "plait_xmpp_call",
    c_int,
    Handle,
    Handle,
    c_uint32,
    c_uint64,
    XmppAnswerFunction,
    c_void_p,
    POINTER(Handle),
)
xmpp_answer: Callable[..., int] = quick(
    "plait_xmpp_answer", c_int, Handle, Handle, Handle, c_uint32
)
xmpp_answer_error: Callable[..., int] = quick(
    "plait_xmpp_answer_error", c_int, Handle, Handle, c_int32, c_char_p
)
xmpp_close: Callable[..., int] = quick("plait_xmpp_close", c_int, Handle)
xmpp_get_session: Callable[..., int] = quick(
    "plait_xmpp_get_session", c_int, Handle, POINTER(XmppSession)
)
