/**
 * @file plait/plait.h
 * @brief Everything of Plait: includes each of its headers.
 *
 * Plait is an embeddable networking library: a reactor on libuv, Twisted's framers and
 * protocols, one small C library. Five nouns carry everything: a *reactor* turns, an
 * *endpoint* string says where, a *factory* says what is spoken there, a *conn* is one
 * conversation, a *completion* ends each asynchronous call.
 */
#ifndef PLAIT_PLAIT_H
#define PLAIT_PLAIT_H

#include "version.h"
#include "status.h"
#include "bytes.h"
#include "handle.h"
#include "reactor.h"
#include "timer.h"
#include "factory.h"
#include "conn.h"
#include "endpoint.h"
#include "service.h"
#include "connector.h"
#include "attach.h"
#include "loopback.h"
#include "testing.h"
#include "tls.h"
#include "raw.h"
#include "line.h"
#include "string.h"
#include "stateful.h"
#include "amp_command.h"
#include "amp.h"
#include "memcache.h"
#include "memcache_pool.h"
#include "ident.h"
#include "socks.h"
#include "irc_message.h"
#include "jid.h"
#include "element.h"
#include "xmpp.h"
#include "xmpp_im.h"
#include "irc.h"
#include "ftp.h"
#include "ftp_client.h"
#include "wrapper.h"
#include "timeout.h"
#include "throttle.h"
#include "access.h"
#include "traffic.h"
#include "proxy.h"

#endif
