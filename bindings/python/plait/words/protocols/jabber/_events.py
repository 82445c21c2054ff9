"""The events of streams."""

import builtins

STREAM_CONNECTED_EVENT = "//event/stream/connected"
STREAM_START_EVENT = "//event/stream/start"
STREAM_END_EVENT = "//event/stream/end"
STREAM_ERROR_EVENT = "//event/stream/error"
STREAM_AUTHD_EVENT = "//event/stream/authd"
INIT_FAILED_EVENT = "//event/xmpp/initfailed"
#: Beyond Twisted: a stanza comes back that may not have arrived, since the server has forgotten the session.
STANZA_RETURNED_EVENT = "//event/xmpp/returned"


class TimeoutError(builtins.TimeoutError):
    """No answer came in time."""
