"""``plait/ftp_client.h``: constants, structs and functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)

from .calls import quick
from .structs import TABLE, Bytes, Data, Handle, Reason, Sized

# plait_ftp_client_options::flags
FTP_CLIENT_WITHOUT_LOGIN = 1
FTP_CLIENT_ACTIVE = 2
FTP_CLIENT_WITHOUT_EPSV = 4
FTP_CLIENT_TRUST_ADDRESS = 8
FTP_CLIENT_CLEAR_DATA = 16

# plait_ftp_client_request::command
FTP_GET = 1
FTP_PUT = 2
FTP_APPEND_TO = 3
FTP_LIST_LONG = 4
FTP_LIST_NAMES = 5
FTP_LIST_FACTS = 6
FTP_RECEIVE = 7
FTP_SEND = 8
FTP_COMMAND = 9
FTP_PWD = 10
FTP_CWD = 11
FTP_CDUP = 12
FTP_MKD = 13
FTP_RMD = 14
FTP_DELE = 15
FTP_RENAME = 16
FTP_SIZE = 17
FTP_MDTM = 18
FTP_MLST = 19
FTP_CHMOD = 20
FTP_FEAT = 21
FTP_NOOP = 22
FTP_QUIT = 23

# plait_ftp_client_request::flags
FTP_RESUME = 1
FTP_TEXT = 2
FTP_TELL_SIZE = 4
FTP_BY_PORT = 8

# plait_ftp_line::kind
FTP_LINE_NONE = 0
FTP_LINE_FILE = 1
FTP_LINE_DIRECTORY = 2
FTP_LINE_LINK = 3
FTP_LINE_OTHER = 4
FTP_LINE_CURRENT = 5
FTP_LINE_PARENT = 6

# plait_ftp_line::flags
FTP_LINE_HAS_SIZE = 1
FTP_LINE_HAS_TIME = 2
FTP_LINE_HAS_MODE = 4


class FtpClientOptions(Sized):
    """``plait_ftp_client_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("username", c_char_p),
        ("password", c_char_p),
        ("account", c_char_p),
        ("tls", Handle),
        ("tls_name", c_char_p),
        ("max_line", c_uint32),
        ("max_reply", c_uint32),
        ("max_list", c_uint32),
        ("max_calls", c_uint32),
        ("login_ms", c_uint64),
        ("reply_ms", c_uint64),
        ("data_ms", c_uint64),
        ("stall_ms", c_uint64),
        ("call_ms", c_uint64),
        ("keep_alive_ms", c_uint64),
    ]


FtpSinkFunction = CFUNCTYPE(c_int, c_void_p, Handle, Data, c_size_t)
FtpSourceFunction = CFUNCTYPE(c_int, c_void_p, Handle, Data, c_size_t, POINTER(c_size_t))
FtpProgressFunction = CFUNCTYPE(None, c_void_p, Handle, c_uint64, c_uint64)


class FtpClientRequest(Sized):
    """``plait_ftp_client_request``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("command", c_uint32),
        ("flags", c_uint32),
        ("descriptor", c_int32),
        ("path", Bytes),
        ("other", Bytes),
        ("local", Bytes),
        ("mode", c_uint32),
        ("reserved", c_uint32),
        ("offset", c_uint64),
        ("limit_ms", c_uint64),
        ("sink", FtpSinkFunction),
        ("source", FtpSourceFunction),
        ("progress", FtpProgressFunction),
    ]


class FtpClientResult(Sized):
    """``plait_ftp_client_result``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("code", c_uint32),
        ("reply", Bytes),
        ("value", Bytes),
        ("number", c_int64),
        ("offset", c_uint64),
        ("moved", c_uint64),
    ]


class FtpLine(Sized):
    """``plait_ftp_line``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("flags", c_uint32),
        ("mode", c_uint32),
        ("size", c_uint64),
        ("modified", c_int64),
        ("links", c_uint32),
        ("reserved", c_uint32),
        ("name", Bytes),
        ("target", Bytes),
        ("owner", Bytes),
        ("group", Bytes),
        ("date", Bytes),
        ("facts", Bytes),
    ]


FtpReadyFunction = CFUNCTYPE(None, c_void_p, Handle, Data, c_size_t)
FtpDoneFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(Reason), POINTER(FtpClientResult))


class FtpClientHandler(Sized):
    """``plait_ftp_client_handler``."""

    _fields_ = [*TABLE, ("ready", FtpReadyFunction)]


ftp_client_factory_new: Callable[..., int] = quick(
    "plait_ftp_client_factory_new",
    c_int,
    POINTER(Handle),
    POINTER(FtpClientOptions),
    POINTER(FtpClientHandler),
    c_void_p,
)
ftp_client_call: Callable[..., int] = quick(
    "plait_ftp_client_call",
    c_int,
    Handle,
    POINTER(FtpClientRequest),
    FtpDoneFunction,
    c_void_p,
    POINTER(Handle),
)
ftp_client_resume: Callable[..., int] = quick("plait_ftp_client_resume", c_int, Handle)
ftp_line_parse: Callable[..., int] = quick(
    "plait_ftp_line_parse",
    c_int,
    c_char_p,
    c_size_t,
    c_int64,
    POINTER(FtpLine),
    POINTER(c_size_t),
)
