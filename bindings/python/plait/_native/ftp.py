"""``plait/ftp.h``: constants, structs and functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
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
from .structs import TABLE, Bytes, Data, Handle, Sized

# plait_ftp_server_options::flags
FTP_ANY_PEER = 1
FTP_NEED_TLS = 2
FTP_NEED_PRIVATE = 4
FTP_ANY_SESSION = 8

# plait_ftp_login::flags
FTP_LOGIN_ANONYMOUS = 1
FTP_LOGIN_SECURE = 2

# plait_ftp_avatar::flags
FTP_READ_ONLY = 1
FTP_BESIDE = 2
FTP_SHELL = 4

# plait_ftp_transfer::kind
FTP_RETRIEVE = 1
FTP_STORE = 2
FTP_APPEND = 3
FTP_LIST = 4

# plait_ftp_question::action
FTP_ASK_STAT = 1
FTP_ASK_ENTER = 2
FTP_ASK_LIST = 3
FTP_ASK_MAKE_DIRECTORY = 4
FTP_ASK_REMOVE_DIRECTORY = 5
FTP_ASK_REMOVE_FILE = 6
FTP_ASK_RENAME = 7
FTP_ASK_SET_MODE = 8
FTP_ASK_SET_TIME = 9
FTP_ASK_OPEN_READ = 10
FTP_ASK_OPEN_WRITE = 11
FTP_ASK_READ = 12
FTP_ASK_WRITE = 13
FTP_ASK_CLOSE = 14

# plait_ftp_question::flags
FTP_WRITE_APPEND = 1
FTP_WRITE_UNIQUE = 2

# plait_ftp_entry::kind
FTP_FILE = 0
FTP_DIRECTORY = 1
FTP_LINK = 2

# plait_ftp_server_factory_add_command(), flags
FTP_COMMAND_PUBLIC = 1

# plait_ftp_session::flags
FTP_SESSION_OPEN = 1
FTP_SESSION_ANONYMOUS = 2
FTP_SESSION_ASCII = 4
FTP_SESSION_TRANSFERRING = 8


class FtpServerOptions(Sized):
    """``plait_ftp_server_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("welcome", Bytes),
        ("anonymous", Bytes),
        ("anonymous_root", Bytes),
        ("passive_address", Bytes),
        ("passive_first", c_uint32),
        ("passive_last", c_uint32),
        ("max_sessions", c_uint32),
        ("max_failures", c_uint32),
        ("max_line", c_uint32),
        ("max_list", c_uint32),
        ("idle_ms", c_uint64),
        ("data_ms", c_uint64),
        ("stall_ms", c_uint64),
        ("delay_ms", c_uint64),
        ("tls", Handle),
    ]


class FtpLogin(Structure):
    """``plait_ftp_login``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("name", c_char_p),
        ("password", c_char_p),
    ]


class FtpAvatar(Sized):
    """``plait_ftp_avatar``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("root", Bytes),
        ("directory", Bytes),
        ("file_mode", c_uint32),
        ("directory_mode", c_uint32),
    ]


class FtpTransfer(Structure):
    """``plait_ftp_transfer``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("status", c_int32),
        ("code", c_uint32),
        ("path", Bytes),
        ("offset", c_uint64),
        ("moved", c_uint64),
        ("time_ms", c_uint64),
    ]


class FtpQuestion(Structure):
    """``plait_ftp_question``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("action", c_uint32),
        ("flags", c_uint32),
        ("status", c_int32),
        ("path", Bytes),
        ("other", Bytes),
        ("data", Bytes),
        ("number", c_uint64),
        ("file", c_void_p),
    ]


class FtpEntry(Sized):
    """``plait_ftp_entry``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("name", Bytes),
        ("target", Bytes),
        ("owner", Bytes),
        ("group", Bytes),
        ("file_size", c_uint64),
        ("modified", c_int64),
        ("mode", c_uint32),
        ("links", c_uint32),
        ("uid", c_uint32),
        ("gid", c_uint32),
    ]


class FtpSession(Sized):
    """``plait_ftp_session``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("name", Bytes),
        ("directory", Bytes),
    ]


FtpLoginFunction = CFUNCTYPE(None, c_void_p, Handle, Handle, POINTER(FtpLogin))
FtpTransferredFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(FtpTransfer))
FtpAskFunction = CFUNCTYPE(None, c_void_p, Handle, Handle, POINTER(FtpQuestion))
FtpCommandFunction = CFUNCTYPE(None, c_void_p, Handle, Handle, c_char_p, Data, c_size_t)


class FtpServerHandler(Sized):
    """``plait_ftp_server_handler``."""

    _fields_ = [
        *TABLE,
        ("login", FtpLoginFunction),
        ("transferred", FtpTransferredFunction),
        ("ask", FtpAskFunction),
    ]


ftp_server_factory_new: Callable[..., int] = quick(
    "plait_ftp_server_factory_new",
    c_int,
    POINTER(Handle),
    POINTER(FtpServerOptions),
    POINTER(FtpServerHandler),
    c_void_p,
)
ftp_server_factory_add_command: Callable[..., int] = quick(
    "plait_ftp_server_factory_add_command", c_int, Handle, c_char_p, c_uint32, FtpCommandFunction
)
ftp_request_accept: Callable[..., int] = quick(
    "plait_ftp_request_accept", c_int, Handle, POINTER(FtpAvatar)
)
ftp_request_refuse: Callable[..., int] = quick("plait_ftp_request_refuse", c_int, Handle)
ftp_request_answer: Callable[..., int] = quick(
    "plait_ftp_request_answer", c_int, Handle, c_uint32, c_char_p, c_size_t
)
ftp_request_pass: Callable[..., int] = quick(
    "plait_ftp_request_pass", c_int, Handle, c_char_p, c_size_t
)
ftp_request_add_entry: Callable[..., int] = quick(
    "plait_ftp_request_add_entry", c_int, Handle, POINTER(FtpEntry)
)
ftp_request_set_descriptor: Callable[..., int] = quick(
    "plait_ftp_request_set_descriptor", c_int, Handle, c_int
)
ftp_request_set_file: Callable[..., int] = quick(
    "plait_ftp_request_set_file", c_int, Handle, c_void_p
)
ftp_request_add_data: Callable[..., int] = quick(
    "plait_ftp_request_add_data", c_int, Handle, c_char_p, c_size_t
)
ftp_request_finish: Callable[..., int] = quick("plait_ftp_request_finish", c_int, Handle, c_int)
ftp_server_get_session: Callable[..., int] = quick(
    "plait_ftp_server_get_session", c_int, Handle, POINTER(FtpSession)
)
