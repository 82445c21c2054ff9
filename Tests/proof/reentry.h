/* The world of the re-entry matrix: a reactor with one conn of each kind, and a play in which every callback comes. */
#ifndef REENTRY_H
#define REENTRY_H

#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The callbacks, named as in their tables; those of a conn's transport have an op_ in front. */
// clang-format off
#define KINDS(KIND) \
    KIND(connected) KIND(disconnected) KIND(read_closed) KIND(write_paused) KIND(write_resumed) KIND(release) \
    KIND(release_outside) KIND(line) KIND(lines) KIND(raw) KIND(line_too_long) KIND(data) KIND(string) KIND(strings) \
    KIND(string_too_long) KIND(state) KIND(counted) KIND(timer) KIND(timer_repeating) KIND(post) KIND(connect_done) KIND(connect_failed) \
    KIND(drain_done) KIND(connector_connected) KIND(connector_waiting) KIND(connector_stopped) \
    KIND(connector_release) KIND(responder) KIND(answered) KIND(box) KIND(boxes) KIND(requests) KIND(memcache_done) KIND(memcache_answers) KIND(irc_event) KIND(irc_events) KIND(ident_lookup) KIND(ident_reply) KIND(socks_login) KIND(socks_request) KIND(socks_opened) KIND(socks_data) KIND(ftp_login) KIND(ftp_command) KIND(ftp_ready) KIND(ftp_done) KIND(ftp_sink) KIND(ftp_source) KIND(ftp_progress) KIND(ftp_ask) KIND(op_write) KIND(op_set_reading) KIND(op_close_write) KIND(op_close) KIND(op_release) \
    KIND(wrapper_built) KIND(wrapper_connected) KIND(wrapper_received) KIND(wrapper_written) KIND(wrapper_read_closed) \
    KIND(wrapper_closing) KIND(wrapper_disconnected) KIND(wrapper_release) KIND(expired) KIND(traffic) KIND(on_free)
// clang-format on

enum kind {
#define KIND(name) K_##name,
    KINDS(KIND)
#undef KIND
        KIND_COUNT
};

struct world {
    enum kind kind; /* where the call is to be made */
    int function;   /* which call */
    int made;       /* it was made */
    int status;     /* what it answered */
    int freeing;
    int opened, ended; /* calls of connected and disconnected, those of the spare factory's conns included */
    size_t taken_most; /* what the transport takes of one write */
    char heard[64];    /* what the last conn was answered */

    /* What functions are tried on: of a callback's own where it has such a handle, else the standing ones. */
    struct {
        plait_conn conn;
        plait_timer timer;
        plait_call call;
        plait_connector connector;
        plait_amp_box box;
        plait_wrapper wrapper;
    } standing;

    /* Policies: a conn with time limits and a wrapper, which stands; and one that comes and goes. */
    plait_factory guarded, tower, throttle, traffic, within;
    plait_wrapper wrapper;
    plait_conn timed;
    int is_tower; /* the callback is of the tower, whose protocol does not count in opened and ended */
    int made_in_tower;
    plait_wrapper_handler no_hooks;
    plait_timeout_options limits;
    plait_throttle_options rates;
    plait_access_options lists;
    plait_throttle_counters throttled;
    plait_traffic_counters logged;

    plait_reactor reactor, new_reactor;
    plait_factory lines, blocks, raws, strings, string_blocks, states, counts, calls, boxed, box_blocks, rows, memcache,
        irc, irc_rows, ftp, ftp_shell, ftp_client, ftp_talk, ftp_data, spare, new_factory;
    plait_amp_command command, fresh, switching, new_command;
    plait_amp_box box;
    plait_amp_value value, values[4];
    plait_bytes pair_of_bytes[2];
    plait_memcache_request question;
    plait_memcache_server server;
    plait_factory ident_server, ident_client, socks;
    uint64_t socks_question;
    plait_socks_options socks_target;
    plait_socks_tunnel socks_tunnel;
    plait_conn pool;
    plait_factory accounts;
    plait_xmpp_options account;
    plait_xmpp_session xmpp_session;
    plait_xmpp_contact contact;
    plait_xmpp_message saying;
    plait_xmpp_presence showing;
    plait_element element, other_element, new_element, gone_element;
    plait_element_table element_table;
    plait_jid jid;
    uint8_t jid_room[PLAIT_JID_MAX];
    plait_ftp_request request;
    plait_ftp_session session;
    plait_ftp_avatar avatar;
    plait_ftp_entry entry;
    plait_ftp_client_request wish;
    plait_ftp_line listed;
    uint8_t room[64];
    uint32_t fields[64];
    size_t len, rows_used;
    int64_t integer;
    double real;
    uint64_t number;
    plait_conn conn, new_conn, asker;
    plait_call call, new_call;
    plait_timer timer, new_timer;
    plait_listener listener, new_listener;
    plait_connector connector, new_connector;

    plait_transport_ops ops, quiet;
    plait_line_handler no_lines;
    plait_raw_handler no_data;
    plait_string_handler no_strings;
    plait_stateful_handler no_stateful;
    plait_stateful_string_handler no_states;
    const char *name;
    plait_factory accumulating, hand_lines;
    plait_accumulated accumulated;
    plait_call loopback, hand_call;
    plait_loopback_state loopback_state;
    plait_reactor hand; /* one by hand, of the same thread */
    plait_listener hand_listener;
    plait_memory_place place;
    plait_string_transport transport, new_transport;
    plait_string_transport_state transport_state;
    plait_splits_options splits;
    plait_tls_config config, new_config;
    plait_tls_conn_options as_client;
    plait_tls_info agreed;
    uint8_t digest[PLAIT_TLS_BINDING_MAX], ticket_key[PLAIT_TLS_TICKET_KEY_SIZE];
    size_t size;
    plait_conn_counters counters;
    plait_factory_counters sum;
    plait_address address;
    plait_bytes part;
    plait_irc_message message;
    plait_irc_source source;
    plait_irc_dcc dcc;
    plait_irc_options nick;
    uint32_t pair[2];
    uint64_t time;
    int64_t wait;
    int fd;
    void *user;
};

/* Called by every callback: makes the call if this is the place for it. */
void came(struct world *w, enum kind kind);

void set_up(struct world *w);
void play(struct world *w);
/* The part of the policies: reentry_policies.c. */
void set_up_policies(struct world *w);
void play_policies(struct world *w);
void tear_down_policies(struct world *w);
/* Does the reactor still serve a new conn? Then everything is freed; NULL when all is well, else what is wrong. */
const char *tear_down(struct world *w);

#endif
