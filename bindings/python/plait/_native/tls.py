"""plait/tls.h: TLS for every transport and protocol."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    c_char,
    c_char_p,
    c_int,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)

from .calls import driving, quick
from .structs import (
    Bytes,
    Data,
    DisconnectedFunction,
    Handle,
    Reason,
    ReleaseFunction,
    Sized,
)

TLS_1_2 = 0x0303
TLS_1_3 = 0x0304
TLS_NO_VERIFY = 1
TLS_NO_NAME_CHECK = 2
TLS_SYSTEM_TRUST = 4
TLS_NO_TICKETS = 8
TLS_CRL_CHECK_ALL = 16
TLS_OCSP = 32
TLS_OCSP_REQUIRED = 64
TLS_CLIENT_ORDER = 128
TLS_SELF_SIGNED = 256
TLS_CLIENT_NONE = 0
TLS_CLIENT_OPTIONAL = 1
TLS_CLIENT_REQUIRED = 2
TLS_ROLE_AUTO = 0
TLS_ROLE_CLIENT = 1
TLS_ROLE_SERVER = 2
TLS_CLIENT_IS_READY = 1
TLS_INFO_SERVER = 1
TLS_INFO_RESUMED = 2
TLS_INFO_VERIFIED = 4
TLS_INFO_STAPLED = 8
TLS_BINDING_EXPORTER = 1
TLS_BINDING_UNIQUE = 2
TLS_BINDING_END_POINT = 3
TLS_BINDING_MAX = 64
TLS_TICKET_KEY_SIZE = 80

TlsStartedFunction = DisconnectedFunction


class TlsIdentity(Sized):
    """``plait_tls_identity``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("cert_file", c_char_p),
        ("key_file", c_char_p),
        ("chain_file", c_char_p),
        ("cert_pem", Bytes),
        ("key_pem", Bytes),
        ("chain_pem", Bytes),
        ("names", c_char_p),
        ("ocsp_file", c_char_p),
        ("ocsp", Bytes),
    ]


class TlsPeer(Sized):
    """``plait_tls_peer``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("count", c_uint32),
        ("chain", POINTER(Bytes)),
        ("server_name", c_char_p),
    ]


PassphraseFunction = CFUNCTYPE(c_int, c_void_p, c_char_p, Data, c_size_t)
VerifyFunction = CFUNCTYPE(c_int, c_void_p, Handle, POINTER(TlsPeer), POINTER(Reason))
KeyLogFunction = CFUNCTYPE(None, c_void_p, Handle, c_char_p)


class TlsOptions(Sized):
    """``plait_tls_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("min_version", c_uint32),
        ("max_version", c_uint32),
        ("ciphers", c_char_p),
        ("cipher_suites", c_char_p),
        ("groups", c_char_p),
        ("identities", POINTER(TlsIdentity)),
        ("identity_count", c_size_t),
        ("alpn", POINTER(Bytes)),
        ("alpn_count", c_size_t),
        ("ca_file", c_char_p),
        ("ca_dir", c_char_p),
        ("ca_pem", Bytes),
        ("crl_file", c_char_p),
        ("crl_pem", Bytes),
        ("pins", POINTER(Bytes)),
        ("pin_count", c_size_t),
        ("ticket_keys", c_char_p),
        ("ticket_keys_len", c_size_t),
        ("handshake_ms", c_uint64),
        ("client_certificate", c_uint32),
        ("verify_depth", c_uint32),
        ("user", c_void_p),
        ("passphrase", PassphraseFunction),
        ("verify", VerifyFunction),
        ("key_log", KeyLogFunction),
        ("release", ReleaseFunction),
    ]


class TlsConnOptions(Sized):
    """``plait_tls_conn_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("role", c_uint32),
        ("server_name", c_char_p),
        ("flags", c_uint32),
        ("reserved", c_uint32),
    ]


class TlsInfo(Sized):
    """``plait_tls_info``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("version", c_uint32),
        ("bits", c_uint32),
        ("certificates", c_uint32),
        ("alpn_len", c_uint32),
        ("cipher", c_char * 64),
        ("group", c_char * 32),
        ("alpn", c_char * 256),
        ("server_name", c_char * 256),
    ]


tls_config_new: Callable[..., int] = driving(
    "plait_tls_config_new", c_int, POINTER(Handle), POINTER(TlsOptions), POINTER(Reason)
)
tls_config_retain: Callable[..., int] = quick("plait_tls_config_retain", c_int, Handle)
tls_config_release: Callable[..., int] = quick("plait_tls_config_release", c_int, Handle)
tls_config_reload: Callable[..., int] = driving(
    "plait_tls_config_reload", c_int, Handle, POINTER(Reason)
)
tls_config_set_ticket_keys: Callable[..., int] = quick(
    "plait_tls_config_set_ticket_keys", c_int, Handle, c_char_p, c_size_t
)
tls_factory_new: Callable[..., int] = quick(
    "plait_tls_factory_new", c_int, POINTER(Handle), Handle, Handle, POINTER(TlsConnOptions)
)
conn_start_tls: Callable[..., int] = quick(
    "plait_conn_start_tls",
    c_int,
    Handle,
    Handle,
    POINTER(TlsConnOptions),
    TlsStartedFunction,
    c_void_p,
)
conn_get_tls: Callable[..., int] = quick("plait_conn_get_tls", c_int, Handle, POINTER(TlsInfo))
conn_get_peer_certificate: Callable[..., int] = quick(
    "plait_conn_get_peer_certificate",
    c_int,
    Handle,
    c_size_t,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
conn_get_channel_binding: Callable[..., int] = quick(
    "plait_conn_get_channel_binding",
    c_int,
    Handle,
    c_uint32,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
