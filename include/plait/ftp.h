/**
 * @file plait/ftp.h
 * @brief An FTP server (RFC 959, 1123, 2389, 2428, 2577, 3659, 4217).
 *
 * plait_ftp_server_factory_new() makes a factory whose conns are the control connections of sessions; plait_listen() serves it.
 * The library answers the commands and opens the data connections by itself. The host says who may log in, and what is shown to whom:
 * plait_ftp_server_handler::login gets name and password, and its answer, now or later, is plait_ftp_request_accept() with an *avatar*, the
 * directory that this user sees and what may be done in it, or plait_ftp_request_refuse().
 *
 * **Files.** Nothing that a client says, no ".." and no symbolic link, leads out of an avatar's root. Files are opened, read and written on
 * other threads (libuv's pool), so that a slow disk stops no other session.
 *
 * **Shells.** What a user sees need not be a directory: with #PLAIT_FTP_SHELL each look, change and file is a question to
 * plait_ftp_server_handler::ask, which is answered now or later. For SIZE in TYPE A, and for HASH, the file is opened and read.
 *
 * **Commands.** plait_ftp_server_factory_add_command() adds a command, or replaces one: the host answers it, now or later, by plait_ftp_request_answer(), or has
 * the library's own do it by plait_ftp_request_pass().
 *
 * **Safety.** Data connections go to, and are taken from, the address of the control connection's peer alone, and to no port below 1024
 * (RFC 2577), unless #PLAIT_FTP_ANY_PEER says otherwise. Passive listeners are bound to the address that the client has
 * reached. Failed logins are answered late, and only so many times. Lines, paths, listings and times have limits.
 *
 * **TLS.** With plait_ftp_server_options::tls clients may give AUTH TLS and PROT P. A private data connection has to resume the control
 * connection's TLS session: nobody else can answer in the client's place. Implicit FTPS is
 * plait_tls_factory_new() around the factory, with the same configuration.
 *
 * **In memory.** Over a `memory:` endpoint the data connection of port N is at `memory:ftp-data-N`, on the same reactor.
 */
#ifndef PLAIT_FTP_H
#define PLAIT_FTP_H

#include "bytes.h"
#include "conn.h"
#include "factory.h"
#include "tls.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A question to the host, until it is answered or its session ends. */
typedef struct plait_ftp_request { uint64_t id; } plait_ftp_request;

/** plait_ftp_server_options::flags */
enum {
    PLAIT_FTP_ANY_PEER = 1,     /**< data connections may go to, and come from, other addresses than the client's */
    PLAIT_FTP_NEED_TLS = 2,     /**< nobody logs in over a control connection that is not encrypted */
    PLAIT_FTP_NEED_PRIVATE = 4, /**< nothing is transferred without PROT P */
    PLAIT_FTP_ANY_SESSION = 8   /**< data connections need not resume the control connection's TLS session, which some clients can't */
};

/** A server's settings; 0, or no bytes, means the default. Texts are at most 512 bytes long, without CR, LF and NUL. */
typedef struct plait_ftp_server_options {
    uint32_t struct_size;
    uint32_t flags;              /**< PLAIT_FTP_ANY_PEER, PLAIT_FTP_NEED_TLS… */
    plait_bytes welcome;         /**< behind 220; "Welcome to FTP server" */
    plait_bytes anonymous;       /**< the name of those who have none; "anonymous" */
    plait_bytes anonymous_root;  /**< a directory: anonymous users read it, and `login` is not asked about them */
    plait_bytes passive_address; /**< what PASV tells clients, where they reach this host by another IPv4 address than its own */
    uint32_t passive_first;      /**< the ports of passive listeners, drawn by lot; with passive_last 0: those that the system gives to who asks for none */
    uint32_t passive_last;
    uint32_t max_sessions;       /**< more are told so, and closed; no limit */
    uint32_t max_failures;       /**< of logins in a session, which then ends; 3 */
    uint32_t max_line;           /**< of a command, in bytes; 16,384; at most 65,536 */
    uint32_t max_list;           /**< of one listing, in bytes; 64 MiB; at most #PLAIT_BYTES_MAX */
    uint64_t idle_ms;            /**< without a command and without traffic on a data connection; 600 seconds */
    uint64_t data_ms;            /**< for a data connection to come about; 10 seconds */
    uint64_t stall_ms;           /**< a transfer on which nothing moves; 120 seconds */
    uint64_t delay_ms;           /**< before a login is refused; 1 second */
    plait_tls_config tls;        /**< with an identity: AUTH TLS, and private data connections; kept */
} plait_ftp_server_options;
#define PLAIT_FTP_SERVER_OPTIONS_INIT { sizeof(plait_ftp_server_options), 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0 } }

/** plait_ftp_login::flags */
enum {
    PLAIT_FTP_LOGIN_ANONYMOUS = 1, /**< by the name for that: the password is whatever the client likes */
    PLAIT_FTP_LOGIN_SECURE = 2     /**< the control connection is encrypted */
};

/** Who wants to log in. */
typedef struct plait_ftp_login {
    uint32_t struct_size;
    uint32_t flags; /**< PLAIT_FTP_LOGIN_ANONYMOUS, PLAIT_FTP_LOGIN_SECURE */
    const char *name;
    const char *password;
} plait_ftp_login;
#define PLAIT_FTP_LOGIN_INIT { sizeof(plait_ftp_login), 0, NULL, NULL }

/** plait_ftp_avatar::flags */
enum {
    PLAIT_FTP_READ_ONLY = 1, /**< nothing can be changed */
    PLAIT_FTP_SHELL = 4,     /**< plait_ftp_server_handler::ask is the user's shell; there is no root */
    PLAIT_FTP_BESIDE = 2     /**< an upload by STOR is written to ".NAME.part", and takes its name when it is complete; what breaks
                                  off stays there, SIZE tells how much it is, and REST goes on with it */
};

/** What a user sees, and may do. */
typedef struct plait_ftp_avatar {
    uint32_t struct_size;
    uint32_t flags;          /**< PLAIT_FTP_READ_ONLY, PLAIT_FTP_BESIDE, PLAIT_FTP_SHELL */
    plait_bytes root;        /**< a directory of this system: the user's "/" */
    plait_bytes directory;   /**< where the user is at first, below the root; "/" */
    uint32_t file_mode;      /**< of new files; 0644; at most 0777 */
    uint32_t directory_mode; /**< of new directories; 0755; at most 0777 */
} plait_ftp_avatar;
#define PLAIT_FTP_AVATAR_INIT { sizeof(plait_ftp_avatar), 0, { NULL, 0 }, { NULL, 0 }, 0, 0 }

/** plait_ftp_transfer::kind */
enum {
    PLAIT_FTP_RETRIEVE = 1,
    PLAIT_FTP_STORE = 2, /**< by STOR or STOU */
    PLAIT_FTP_APPEND = 3,
    PLAIT_FTP_LIST = 4 /**< by LIST, NLST or MLSD */
};

/** A transfer that has ended. */
typedef struct plait_ftp_transfer {
    uint32_t struct_size;
    uint32_t kind;    /**< PLAIT_FTP_RETRIEVE… */
    int32_t status;   /**< 0, or why it failed */
    uint32_t code;    /**< of the reply */
    plait_bytes path; /**< from the user's root */
    uint64_t offset;  /**< where it began */
    uint64_t moved;   /**< bytes over the data connection */
    uint64_t time_ms;
} plait_ftp_transfer;
#define PLAIT_FTP_TRANSFER_INIT { sizeof(plait_ftp_transfer), 0, 0, 0, { NULL, 0 }, 0, 0, 0 }

/** plait_ftp_question::action: what a shell is asked to do. Each ends with plait_ftp_request_finish(); what is to come before that stands
 *  here. */
enum {
    PLAIT_FTP_ASK_STAT = 1,             /**< what is there: plait_ftp_request_add_entry() */
    PLAIT_FTP_ASK_ENTER = 2,            /**< may the user be in that directory? */
    PLAIT_FTP_ASK_LIST = 3,             /**< what is in it, or a file alone: plait_ftp_request_add_entry() for each */
    PLAIT_FTP_ASK_MAKE_DIRECTORY = 4,
    PLAIT_FTP_ASK_REMOVE_DIRECTORY = 5,
    PLAIT_FTP_ASK_REMOVE_FILE = 6,
    PLAIT_FTP_ASK_RENAME = 7,           /**< to `other` */
    PLAIT_FTP_ASK_SET_MODE = 8,         /**< to `number` */
    PLAIT_FTP_ASK_SET_TIME = 9,         /**< of the last change to `number`, seconds since 1970 */
    PLAIT_FTP_ASK_OPEN_READ = 10,       /**< plait_ftp_request_set_file() or plait_ftp_request_set_descriptor(); plait_ftp_request_add_entry() tells
                                             the size, if it is known. `number` is where reading begins */
    PLAIT_FTP_ASK_OPEN_WRITE = 11,      /**< the same; with #PLAIT_FTP_WRITE_UNIQUE the entry's name is that which was chosen */
    PLAIT_FTP_ASK_READ = 12,            /**< what is at `number`, not more than 1 MiB: plait_ftp_request_add_data(); nothing is the end */
    PLAIT_FTP_ASK_WRITE = 13,           /**< `data` comes to `number` */
    PLAIT_FTP_ASK_CLOSE = 14            /**< the file is needed no more. `status` is 0 where all was moved, and then an upload is reported to
                                             the client by the answer; else why not, the request is {0}, and nobody waits */
};

/** plait_ftp_question::flags */
enum {
    PLAIT_FTP_WRITE_APPEND = 1, /**< behind what is there */
    PLAIT_FTP_WRITE_UNIQUE = 2  /**< to a file that is not there, by a name like that */
};

/** What a shell is asked. */
typedef struct plait_ftp_question {
    uint32_t struct_size;
    uint32_t action;   /**< PLAIT_FTP_ASK_STAT… */
    uint32_t flags;    /**< of OPEN_WRITE: PLAIT_FTP_WRITE_APPEND, PLAIT_FTP_WRITE_UNIQUE */
    int32_t status;    /**< of CLOSE */
    plait_bytes path;  /**< from the user's root, without "." and "..": "/a/b" */
    plait_bytes other; /**< of RENAME */
    plait_bytes data;  /**< of WRITE */
    uint64_t number;
    void *file;        /**< of READ, WRITE and CLOSE: what plait_ftp_request_set_file() was given */
} plait_ftp_question;
#define PLAIT_FTP_QUESTION_INIT { sizeof(plait_ftp_question), 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, NULL }

/** plait_ftp_entry::kind */
enum {
    PLAIT_FTP_FILE = 0,
    PLAIT_FTP_DIRECTORY = 1,
    PLAIT_FTP_LINK = 2
};

/** A name, and what is there. */
typedef struct plait_ftp_entry {
    uint32_t struct_size;
    uint32_t kind;      /**< PLAIT_FTP_FILE, PLAIT_FTP_DIRECTORY or PLAIT_FTP_LINK */
    plait_bytes name;   /**< of LIST, without "/" */
    plait_bytes target; /**< where a link leads */
    plait_bytes owner;  /**< by name; else `uid` is shown */
    plait_bytes group;
    uint64_t file_size;
    int64_t modified;   /**< seconds since 1970 */
    uint32_t mode;      /**< who may do what, as chmod has it; at most 0777; 0: 0644, 0755 for a directory */
    uint32_t links;     /**< 1 */
    uint32_t uid;
    uint32_t gid;
} plait_ftp_entry;
#define PLAIT_FTP_ENTRY_INIT { sizeof(plait_ftp_entry), 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, 0, 0, 0, 0 }

/** The callbacks of a server. The first eight fields are those of every table: see factory.h. */
typedef struct plait_ftp_server_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** Somebody wants to log in: plait_ftp_request_accept() or plait_ftp_request_refuse() answers, in the callback or later. NULL: all are refused, but
     *  those whom plait_ftp_server_options::anonymous_root serves. */
    void (*login)(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_login *login);
    /** A transfer has ended, and its reply is about to go out. */
    void (*transferred)(void *user, plait_conn conn, const plait_ftp_transfer *transfer);
    /** A shell is asked, that of the conn's user. */
    void (*ask)(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_question *question);
} plait_ftp_server_handler;
#define PLAIT_FTP_SERVER_HANDLER_INIT { sizeof(plait_ftp_server_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * @brief Makes a factory of FTP sessions.
 * @param out [out] the factory.
 * @param options [in] copied; or NULL.
 * @param handler [in] copied; or NULL.
 * @param user [in] the first argument of its callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, also for what needs TLS without any; #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM; those of
 *   a handle for the configuration of TLS; #PLAIT_ERR_TLS_CONFIG when that has no identity.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `FTPFactory`
 */
PLAIT_API int plait_ftp_server_factory_new(plait_factory *out, const plait_ftp_server_options *options,
                                           const plait_ftp_server_handler *handler, void *user);

/** plait_ftp_server_factory_add_command(), flags */
enum {
    PLAIT_FTP_COMMAND_PUBLIC = 1 /**< may be given before the login */
};

/** A host's command: `params` is what stands behind the first blank, without NUL. plait_ftp_request_answer() or plait_ftp_request_pass() answers, in the
 *  callback or later; the session's next command waits for that. */
typedef void (*plait_ftp_command_fn)(void *user, plait_conn conn, plait_ftp_request request, const char *name,
                                     const uint8_t *params, size_t len);

/**
 * @brief Adds a command to a server, or replaces one, also of the library's.
 * @param factory [in] of FTP sessions; those that run have it, too.
 * @param name [in] 1 to 16 letters.
 * @param flags [in] #PLAIT_FTP_COMMAND_PUBLIC.
 * @param function [in] called in a driving call; NULL takes a host's command away.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE, #PLAIT_ERR_INVALID, #PLAIT_ERR_LIMIT for more than 255 commands.
 * @thread the reactor's that the factory serves.
 * @callbacks none now.
 * @lifetime as long as the factory.
 * @since 0.1.0
 * @twisted `FTP.ftp_NAME`
 */
PLAIT_API int plait_ftp_server_factory_add_command(plait_factory factory, const char *name, uint32_t flags,
                                           plait_ftp_command_fn function);

/**
 * @brief Lets somebody in.
 * @param request [in] of `login`; stale afterwards.
 * @param avatar [in] copied.
 * @return 0. A root that can't be opened is refused to the client, and logged.
 * @errors those of a handle; #PLAIT_ERR_TYPE for another's request, #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT,
 *   #PLAIT_ERR_NOMEM: the request stays.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted the result of `Portal.login`
 */
PLAIT_API int plait_ftp_request_accept(plait_ftp_request request, const plait_ftp_avatar *avatar);

/**
 * @brief Does not let somebody in: 530, after plait_ftp_server_options::delay_ms.
 * @param request [in] of `login`; stale afterwards.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE for another's request.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `UnauthorizedLogin`
 */
PLAIT_API int plait_ftp_request_refuse(plait_ftp_request request);

/**
 * @brief Answers a host's command.
 * @param request [in] of a plait_ftp_command_fn; stale afterwards, unless the code is below 200: then another reply follows.
 * @param code [in] 100 to 599.
 * @param text [in] copied; what it has of CR is left out, and LF begins a further line of the reply.
 * @param len [in] bytes, at most 65,536.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE for another's request, #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED, #PLAIT_ERR_OVERFLOW,
 *   #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `FTP.reply`, and what `ftp_NAME` returns
 */
PLAIT_API int plait_ftp_request_answer(plait_ftp_request request, uint32_t code, const uint8_t *text, size_t len);

/**
 * @brief Has the library's own command of that name do what was asked.
 * @param request [in] of a plait_ftp_command_fn; stale afterwards.
 * @param params [in] copied; what stands behind the command, as the host wants it.
 * @param len [in] bytes, at most 65,536, without LF and NUL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE for another's request, #PLAIT_ERR_INVALID.
 * @thread the reactor's.
 * @callbacks none now: it runs when the callback has returned, or in the reactor's next turn.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `FTP.ftp_NAME(self, params)` of the class that was derived from
 */
PLAIT_API int plait_ftp_request_pass(plait_ftp_request request, const uint8_t *params, size_t len);

/**
 * @brief Tells a shell's user of a name, or of the file that is opened.
 * @param request [in] of `ask`.
 * @param entry [in] copied.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE for another's request, #PLAIT_ERR_INVALID, also for what was not asked;
 *   #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_OVERFLOW for a listing that is longer than plait_ftp_server_options::max_list.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted what `IFTPShell.list` and `IFTPShell.stat` answer
 */
PLAIT_API int plait_ftp_request_add_entry(plait_ftp_request request, const plait_ftp_entry *entry);

/**
 * @brief Says that a file is open as a descriptor: the library reads and writes it by itself, on other threads.
 * @param request [in] of `ask`.
 * @param fd [in] of a plain file, at least 3; the library's from now on, which closes it before CLOSE is asked, or soon behind that.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE for another's request, #PLAIT_ERR_INVALID, also when nothing was to be opened, or is already.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the descriptor is the library's if this succeeds.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_ftp_request_set_descriptor(plait_ftp_request request, int fd);

/**
 * @brief Says that a file is open, which the host reads and writes when it is asked to.
 * @param request [in] of `ask`.
 * @param file [in] what later questions have in plait_ftp_question::file; or NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE for another's request, #PLAIT_ERR_INVALID when nothing was to be opened, or is already.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the file stays the host's; its end is #PLAIT_FTP_ASK_CLOSE, asked once.
 * @since 0.1.0
 * @twisted `IReadFile`, `IWriteFile`
 */
PLAIT_API int plait_ftp_request_set_file(plait_ftp_request request, void *file);

/**
 * @brief Gives what a file has.
 * @param request [in] of `ask`, for #PLAIT_FTP_ASK_READ.
 * @param data [in] copied.
 * @param len [in] bytes; 1 MiB in all at most.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE for another's request, #PLAIT_ERR_INVALID, also for what was not asked; #PLAIT_ERR_OVERFLOW,
 *   #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `IReadFile.send`
 */
PLAIT_API int plait_ftp_request_add_data(plait_ftp_request request, const uint8_t *data, size_t len);

/**
 * @brief Ends the answer of a shell; or of a host's command, to which the host has said by itself what there is to say.
 * @param request [in] of `ask`, or of a plait_ftp_command_fn; stale afterwards.
 * @param status [in] 0; of a shell also what went wrong: the client is told by the words that belong to an error of the system's, such as -1000 - ENOENT.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE for another's request, #PLAIT_ERR_INVALID for a status above 0, for failure of a command, and for success without what was
 *   asked: the request stays.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime nothing of the host's is kept; a file that was set before a failure is not asked for again.
 * @since 0.1.0
 * @twisted the Deferreds of `IFTPShell`
 */
PLAIT_API int plait_ftp_request_finish(plait_ftp_request request, int status);

/** plait_ftp_session::flags */
enum {
    PLAIT_FTP_SESSION_OPEN = 1,        /**< logged in */
    PLAIT_FTP_SESSION_ANONYMOUS = 2,   /**< ...without a name */
    PLAIT_FTP_SESSION_ASCII = 4,       /**< TYPE A */
    PLAIT_FTP_SESSION_TRANSFERRING = 8 /**< a transfer is under way */
};

/** How a session stands. */
typedef struct plait_ftp_session {
    uint32_t struct_size;
    uint32_t flags;        /**< PLAIT_FTP_SESSION_ */
    plait_bytes name;      /**< as USER has said it */
    plait_bytes directory; /**< from the user's root: "/a/b" */
} plait_ftp_session;
#define PLAIT_FTP_SESSION_INIT { sizeof(plait_ftp_session), 0, { NULL, 0 }, { NULL, 0 } }

/**
 * @brief Tells how a session stands.
 * @param conn [in] a control connection.
 * @param out [out]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE, #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime its bytes are the session's, until the callback returns or the next driving call.
 * @since 0.1.0
 * @twisted `FTP.state`, `FTP.workingDirectory`
 */
PLAIT_API int plait_ftp_server_get_session(plait_conn conn, plait_ftp_session *out);

#ifdef __cplusplus
}
#endif
#endif
