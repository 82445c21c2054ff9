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

#include <plait/version.h>
#include <plait/status.h>
#include <plait/bytes.h>
#include <plait/handle.h>
#include <plait/reactor.h>
#include <plait/timer.h>
#include <plait/factory.h>
#include <plait/conn.h>
#include <plait/endpoint.h>
#include <plait/connector.h>
#include <plait/attach.h>
#include <plait/raw.h>
#include <plait/line.h>
#include <plait/string.h>

#endif
