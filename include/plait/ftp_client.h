/**
 * @file plait/ftp_client.h
 * @brief FTP: a client (RFC 959, 1123, 2389, 2428, 3659, 4217).
 *
 *     static void on_done(void *user, plait_conn conn, const plait_reason *reason, const plait_ftp_client_result *result) {
 *         printf("%s: %llu bytes\n", reason->text, (unsigned long long)result->moved);
 *     }
 *     ...
 *     plait_ftp_client_factory_new(&factory, NULL, NULL, NULL);
 *     plait_connect(reactor, "tcp:host=ftp.example.org:port=21", factory, NULL, on_connected, NULL, NULL);
 *     ...
 *     plait_ftp_client_request request = PLAIT_FTP_CLIENT_REQUEST_INIT;
 *     request.command = PLAIT_FTP_GET;
 *     request.path = ...;   // of the server's
 *     request.local = ...;  // a file of this system's; or a descriptor, or callbacks
 *     plait_ftp_client_call(conn, &request, on_done, NULL, NULL);
 *
 * **Logging in** is done by itself: USER, PASS and, where the server wants it, ACCT; then TYPE I, and plait_ftp_client_handler::ready. Calls may be made
 * before; they wait. A login that fails closes the conn, with #PLAIT_ERR_REMOTE and the server's code and words in the reason.
 *
 * **Calls** are done one after the other, in their order. Each ends in exactly one completion, never before the function that began it has
 * returned: also when its time limit passes, when it is cancelled (plait_call_cancel()) and when the connection ends. The session goes on after a call that
 * was cancelled: a transfer is ended by ABOR, and replies that come too late are swallowed. Every failure says what was being done: "RETR a/b: 550 No such file",
 * in plait_reason::text, and plait_reason::code is the reply's.
 *
 * **Files** come from, and go to, a path or a descriptor of this system's, which are read and written on other threads (libuv's pool), or callbacks: a `sink`
 * gets what comes as it comes, and a `source` is asked for bytes when there is room for more; either may say "later", and plait_ftp_client_resume() goes on. A
 * listing without a sink is gathered, and stands in the result. A file of this system's is not touched before the server has said that it sends.
 *
 * **Data connections** are passive: EPSV, or PASV where the server does not have it. They go to the address that the control connection has reached; what PASV says
 * instead is only believed with #PLAIT_FTP_CLIENT_TRUST_ADDRESS. Active ones (EPRT, PORT) are taken from that address alone. What holds for the control connection by its
 * factory's policies holds for them.
 *
 * **TLS.** With plait_ftp_client_options::tls, AUTH TLS comes before the login, and a server without it is left. Over an endpoint that begins with `tls:`, or within
 * plait_tls_factory_new(), all is hidden from the start. Data connections are hidden, too (PBSZ, PROT P), and resume the control
 * connection's session, as strict servers want it.
 *
 * **Names** with CR, LF or NUL are refused: they could say another command. Lines, replies and listings have limits, and every wait has one.
 *
 * **In memory.** Over a `memory:` endpoint the data connection of port N is at `memory:ftp-data-N`, on the same reactor.
 */
#ifndef PLAIT_FTP_CLIENT_H
#define PLAIT_FTP_CLIENT_H

#include "bytes.h"
#include "conn.h"
#include "factory.h"
#include "handle.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_ftp_client_options::flags */
enum {
    PLAIT_FTP_CLIENT_WITHOUT_LOGIN = 1, /**< nothing is said by itself: `ready` comes with the greeting */
    PLAIT_FTP_CLIENT_ACTIVE = 2,        /**< the server opens the data connections */
    PLAIT_FTP_CLIENT_WITHOUT_EPSV = 4,  /**< PASV and PORT at once, not EPSV and EPRT */
    PLAIT_FTP_CLIENT_TRUST_ADDRESS = 8, /**< go where PASV says, even if that is another host */
    PLAIT_FTP_CLIENT_CLEAR_DATA = 16    /**< data connections are not hidden, even if the control connection is */
};

/** A client's settings; 0 means the default. Texts are at most 512 bytes long, without CR and LF. */
typedef struct plait_ftp_client_options {
    uint32_t struct_size;
    uint32_t flags;         /**< PLAIT_FTP_CLIENT_ */
    const char *username;   /**< "anonymous" */
    const char *password;   /**< "anonymous@" */
    const char *account;    /**< for servers that ask for one (ACCT); none */
    plait_tls_config tls;   /**< for AUTH TLS; {0}: it is not begun */
    const char *tls_name;   /**< whom the certificate has to name; the host that was connected to */
    uint32_t max_line;      /**< of a reply, in bytes; 8,192; at most 65,536 */
    uint32_t max_reply;     /**< all lines of a reply; 1 MiB; at most #PLAIT_BYTES_MAX */
    uint32_t max_list;      /**< of a listing that is gathered, in bytes; 64 MiB; at most #PLAIT_BYTES_MAX */
    uint32_t max_calls;     /**< that have not ended; 1,000 */
    uint64_t login_ms;      /**< up to `ready`; 30 seconds */
    uint64_t reply_ms;      /**< for the server to answer a command; 60 seconds. Then the connection ends. */
    uint64_t data_ms;       /**< for a data connection to come about; 30 seconds */
    uint64_t stall_ms;      /**< a transfer on which nothing moves; 120 seconds */
    uint64_t call_ms;       /**< how long calls that say nothing else may take; none */
    uint64_t keep_alive_ms; /**< after so much silence a NOOP goes out; none */
} plait_ftp_client_options;
#define PLAIT_FTP_CLIENT_OPTIONS_INIT { sizeof(plait_ftp_client_options), 0, NULL, NULL, NULL, { 0 }, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/** The callbacks of a client. The first eight fields are those of every table: see factory.h. All may be NULL. */
typedef struct plait_ftp_client_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** Logged in. `greeting` has the lines of the server's greeting, separated by LF. */
    void (*ready)(void *user, plait_conn conn, const uint8_t *greeting, size_t len);
} plait_ftp_client_handler;
#define PLAIT_FTP_CLIENT_HANDLER_INIT { sizeof(plait_ftp_client_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * @brief Makes a factory of conns that speak FTP, as clients.
 * @param out [out] the factory.
 * @param options [in] copied; or NULL.
 * @param handler [in] copied; or NULL.
 * @param user [in] the first argument of the callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM; those of a handle for the TLS configuration;
 *   #PLAIT_ERR_UNSUPPORTED where there is one, and the library has no TLS.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `FTPClient`
 */
PLAIT_API int plait_ftp_client_factory_new(plait_factory *out, const plait_ftp_client_options *options,
                                           const plait_ftp_client_handler *handler, void *user);

/** plait_ftp_client_request::command */
enum {
    PLAIT_FTP_GET = 1,        /**< retrieve a file (RETR) */
    PLAIT_FTP_PUT = 2,        /**< store a file (STOR) */
    PLAIT_FTP_APPEND_TO = 3,  /**< put bytes behind a file's (APPE) */
    PLAIT_FTP_LIST_LONG = 4,  /**< a directory, as people read it (LIST); the path may have options in front: "-a dir" */
    PLAIT_FTP_LIST_NAMES = 5, /**< a directory's names (NLST) */
    PLAIT_FTP_LIST_FACTS = 6, /**< a directory, for machines (MLSD) */
    PLAIT_FTP_RECEIVE = 7,    /**< lines of the host's own in `path`, separated by LF: the last has the server send something */
    PLAIT_FTP_SEND = 8,       /**< ...or take something */
    PLAIT_FTP_COMMAND = 9,    /**< a line of the host's own, in `path`: a reply of 2 or 3 is a success. With another USER, PASS or QUIT it does what it says. */
    PLAIT_FTP_PWD = 10,       /**< plait_ftp_client_result::value: the working directory */
    PLAIT_FTP_CWD = 11,       /**< change it */
    PLAIT_FTP_CDUP = 12,      /**< ...to the one above */
    PLAIT_FTP_MKD = 13,       /**< make a directory; `value`: its path, where the server says it */
    PLAIT_FTP_RMD = 14,       /**< remove one */
    PLAIT_FTP_DELE = 15,      /**< remove a file */
    PLAIT_FTP_RENAME = 16,    /**< `path` to `other` (RNFR, RNTO) */
    PLAIT_FTP_SIZE = 17,      /**< plait_ftp_client_result::number: a file's size */
    PLAIT_FTP_MDTM = 18,      /**< ...when it was changed, in seconds since 1970 */
    PLAIT_FTP_MLST = 19,      /**< `value`: the facts of one file, for plait_ftp_line_parse() */
    PLAIT_FTP_CHMOD = 20,     /**< set `mode` (SITE CHMOD) */
    PLAIT_FTP_FEAT = 21,      /**< what the server can do, in the reply's lines */
    PLAIT_FTP_NOOP = 22,      /**< nothing, and an answer */
    PLAIT_FTP_QUIT = 23       /**< say good-bye; the conn ends with 0 */
};

/** plait_ftp_client_request::flags, of transfers */
enum {
    PLAIT_FTP_RESUME = 1,    /**< GET: behind what `local` has already; PUT: behind what the server has already */
    PLAIT_FTP_TEXT = 2,      /**< GET, PUT, APPEND_TO: TYPE A; lines end in LF on this side, and in CR LF on the way */
    PLAIT_FTP_TELL_SIZE = 4, /**< GET: ask for the size first, so that `progress` knows it */
    PLAIT_FTP_BY_PORT = 8    /**< this one's data connection is active */
};

/** Gets bytes that have come: 0; 1: no more before plait_ftp_client_resume(); a negative status ends the transfer. */
typedef int (*plait_ftp_sink_fn)(void *user, plait_conn conn, const uint8_t *data, size_t len);

/** Gives up to `len` bytes, and tells how many in `count`, 0 at the end: 0; 1: none before plait_ftp_client_resume(); a negative
 *  status ends the transfer. */
typedef int (*plait_ftp_source_fn)(void *user, plait_conn conn, uint8_t *room, size_t len, size_t *count);

/** So many bytes have gone by, of `total`, or of 0 where nobody knows; with what there was before a resumed transfer. At most ten times a second, and at the end. */
typedef void (*plait_ftp_progress_fn)(void *user, plait_conn conn, uint64_t moved, uint64_t total);

/** What is to be done. What a command has no use for must be as #PLAIT_FTP_CLIENT_REQUEST_INIT has it. */
typedef struct plait_ftp_client_request {
    uint32_t struct_size;
    uint32_t command;               /**< PLAIT_FTP_GET, ... */
    uint32_t flags;                 /**< PLAIT_FTP_RESUME, ... */
    int32_t descriptor;             /**< of a file, from where it stands (it is not moved); duplicated; -1: none */
    plait_bytes path;               /**< the server's: at most 4,000 bytes, without CR, LF and NUL */
    plait_bytes other;              /**< RENAME: the new one */
    plait_bytes local;              /**< a file of this system's */
    uint32_t mode;                  /**< CHMOD: at most 0777; GET: of a new local file; 0644 */
    uint32_t reserved;              /**< 0 */
    uint64_t offset;                /**< GET, PUT: where in the server's file to begin (REST); of `local`, too */
    uint64_t limit_ms;              /**< how long it may take; 0: plait_ftp_client_options::call_ms */
    plait_ftp_sink_fn sink;         /**< GET, LIST_, RECEIVE: what gets the bytes */
    plait_ftp_source_fn source;     /**< PUT, APPEND_TO, SEND: what gives them */
    plait_ftp_progress_fn progress; /**< of transfers; or NULL */
} plait_ftp_client_request;
#define PLAIT_FTP_CLIENT_REQUEST_INIT { sizeof(plait_ftp_client_request), 0, 0, -1, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, 0, 0, NULL, NULL, NULL }

/** What has come of a call. */
typedef struct plait_ftp_client_result {
    uint32_t struct_size;
    uint32_t code;     /**< of the last reply; 0: there was none */
    plait_bytes reply; /**< all lines of all replies, as they came, each with LF behind it */
    plait_bytes value; /**< PWD, MKD: a path; MLST: facts; a listing without a sink */
    int64_t number;    /**< SIZE, MDTM */
    uint64_t offset;   /**< where the transfer began */
    uint64_t moved;    /**< bytes over the data connection */
} plait_ftp_client_result;
#define PLAIT_FTP_CLIENT_RESULT_INIT { sizeof(plait_ftp_client_result), 0, { NULL, 0 }, { NULL, 0 }, 0, 0, 0 }

/** A call has ended: with 0; #PLAIT_ERR_REMOTE where the server said no, and plait_reason::code is the reply's; #PLAIT_ERR_TIMEOUT; #PLAIT_ERR_CANCELLED; with
 *  what was wrong with a file or a data connection; or how the conn ended (#PLAIT_ERR_CLOSED where it ended in good order). The text says what was being done. All is
 *  valid until the callback returns. */
typedef void (*plait_ftp_done_fn)(void *user, plait_conn conn, const plait_reason *reason, const plait_ftp_client_result *result);

/**
 * @brief Begins a call.
 * @param conn [in] one that speaks FTP as a client.
 * @param request [in] copied.
 * @param done [in] the completion; or NULL.
 * @param user [in] the first argument of done, and of the request's callbacks.
 * @param call [out] the call, for plait_call_cancel(); may be NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_TOO_LONG for a path, #PLAIT_ERR_CLOSED,
 *   #PLAIT_ERR_LIMIT when too many wait; #PLAIT_ERR_NOMEM; #PLAIT_ERR_SYSTEM for a descriptor.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted the methods of `FTPClient`
 */
PLAIT_API int plait_ftp_client_call(plait_conn conn, const plait_ftp_client_request *request, plait_ftp_done_fn done, void *user,
                                    plait_call *call);

/**
 * @brief Goes on with a transfer whose sink or source has said "later".
 * @param conn [in] one that speaks FTP as a client.
 * @return 0, also where nothing rests.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none now: the sink or the source is called in a later delivery or turn.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IPushProducer.resumeProducing`
 */
PLAIT_API int plait_ftp_client_resume(plait_conn conn);

/** plait_ftp_line::kind */
enum {
    PLAIT_FTP_LINE_NONE = 0, /**< the line is none that is known, such as "total 4": all of it is in `name` */
    PLAIT_FTP_LINE_FILE = 1,
    PLAIT_FTP_LINE_DIRECTORY = 2,
    PLAIT_FTP_LINE_LINK = 3,
    PLAIT_FTP_LINE_OTHER = 4,  /**< a device, a socket */
    PLAIT_FTP_LINE_CURRENT = 5, /**< MLSD: the directory itself */
    PLAIT_FTP_LINE_PARENT = 6  /**< MLSD: the one above */
};

/** plait_ftp_line::flags: what is known */
enum {
    PLAIT_FTP_LINE_HAS_SIZE = 1,
    PLAIT_FTP_LINE_HAS_TIME = 2,
    PLAIT_FTP_LINE_HAS_MODE = 4
};

/** A line of a listing. */
typedef struct plait_ftp_line {
    uint32_t struct_size;
    uint32_t kind;       /**< PLAIT_FTP_LINE_ */
    uint32_t flags;      /**< PLAIT_FTP_LINE_HAS_ */
    uint32_t mode;       /**< the permissions, as chmod(2) has them */
    uint64_t size;
    int64_t modified;    /**< seconds since 1970; of LIST as if the server were in UTC */
    uint32_t links;
    uint32_t reserved;
    plait_bytes name;
    plait_bytes target;  /**< where a link leads */
    plait_bytes owner;
    plait_bytes group;
    plait_bytes date;    /**< as it stands there */
    plait_bytes facts;   /**< MLSD, MLST: "size=1;perm=r;" */
} plait_ftp_line;
#define PLAIT_FTP_LINE_INIT { sizeof(plait_ftp_line), 0, 0, 0, 0, 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/**
 * @brief Reads the first line of a listing: of MLSD and MLST, of LIST as Unix and as Windows write it.
 * @param text [in] the listing.
 * @param len [in] bytes, at least 1.
 * @param now [in] seconds since 1970, by which the year of recent files is told; 0: their time is not.
 * @param out [out] the line.
 * @param used [out] how many bytes it takes, with its end; may be NULL.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE.
 * @thread any.
 * @callbacks none.
 * @lifetime what is in `out` points into the text.
 * @since 0.1.0
 * @twisted `FTPFileListProtocol.parseDirectoryLine`
 */
PLAIT_API int plait_ftp_line_parse(const uint8_t *text, size_t len, int64_t now, plait_ftp_line *out, size_t *used);

#ifdef __cplusplus
}
#endif
#endif
