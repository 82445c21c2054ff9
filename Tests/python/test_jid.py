"""Addresses of XMPP, beside Twisted's."""

from __future__ import annotations

import pytest

from plait.words.protocols.jabber import jid

GOOD = [
    "user@host/resource", "user@host", "host", "host/resource", "foo/bar@baz", "boo@foo/bar/baz", "USER@Host/Res",
    "@host", "user@host/", "\u00c4nd\u00dfern@B\u00fccher.example/\u216b", "\u03a3@x", "a\u00ad@b", "x@\uff41.b",
]  # fmt: skip
BAD = ["", "user@", "@", "/x", "a@b@c", "a b@c", "a&b@c", "x@a..b", "x@-a", "x@a_b", "a@b/\u0001", "\u0221@b", "\u05d0a@b"]


@pytest.mark.parametrize("text", GOOD)
def test_good_ones_are_as_twisted_has_them(text):
    theirs = pytest.importorskip("twisted.words.protocols.jabber.jid")
    ours = jid.JID(text)
    wanted = theirs.JID(text)
    assert (ours.user or None, ours.host, ours.resource or None) == (
        wanted.user or None,
        wanted.host,
        wanted.resource or None,
    )
    assert (ours.full(), ours.userhost()) == (wanted.full(), wanted.userhost())


@pytest.mark.parametrize("text", BAD)
def test_bad_ones_are_refused(text):
    with pytest.raises(jid.InvalidFormat):
        jid.JID(text)


def test_equality_and_hash():
    one, other = jid.JID("A@b/c"), jid.JID(tuple=("a", "B", "c"))
    assert one == other and hash(one) == hash(other) and str(one) == "a@b/c"
    assert one != jid.JID("a@b/d") and one != "a@b/c"
    assert one.userhostJID() == jid.JID("a@b")
    assert jid.internJID("a@b") is jid.internJID("a@b")
    assert one.userhostJID().userhostJID() is one.userhostJID()
    with pytest.raises(RuntimeError):
        jid.JID()


def test_parts():
    assert jid.parse("USER@Host/Res") == ("user", "host", "Res")
    assert jid.prep(None, "HOST", None) == (None, "host", None)
    assert jid.prep("a", "b", "c@/") == ("a", "b", "c@/")
    with pytest.raises(jid.InvalidFormat):
        jid.prep("a/b", "c", None)
    with pytest.raises(jid.InvalidFormat):
        jid.JID("\ud800@b")
    with pytest.raises(jid.InvalidFormat):
        jid.JID("a" * 1024 + "@b")


def test_escaping():
    assert jid.escape("d'artagnan & co@x") == "d\\27artagnan\\20\\26\\20co\\40x"
    assert jid.unescape(jid.escape("c:\\5cool \u00e4")) == "c:\\5cool \u00e4"
    with pytest.raises(jid.InvalidFormat):
        jid.escape(" a")


def test_interned_addresses_are_bounded():
    for number in range(10_050):
        jid.internJID(f"user{number}@b")
    assert len(jid._interned) <= 10_000
