"""XML elements as Python objects: Twisted's ``twisted.words.xish.domish``."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from ctypes import byref, c_uint64
from itertools import count
from typing import Any, Dict, List, NoReturn, Optional, Tuple, Union

from ..._core.tables import memory
from ..._native import constants, element
from ..._native.structs import Reason

__all__ = ["Element", "ParserError", "escapeToXml", "generateElementsNamed", "parse", "unescapeFromXml"]

Name = Union[str, Tuple[Optional[str], str]]
Child = Union["Element", str]

XML_URI = element.XML_SPACE
_NONE = element.ELEMENT_NONE
_ids = count()


class ParserError(Exception):
    """This is no XML, or XML that is refused."""


def escapeToXml(text: str, isattrib: bool = False) -> str:
    """Text with what means something to XML as references."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")
    if isattrib:
        text = text.replace("'", "&apos;").replace('"', "&quot;")
        text = text.replace("\t", "&#x9;").replace("\n", "&#xA;")
    return text


def unescapeFromXml(text: str) -> str:
    """The text of what :func:`escapeToXml` made."""
    for reference, character in (("lt", "<"), ("gt", ">"), ("apos", "'"), ("quot", '"')):
        text = text.replace(f"&{reference};", character)
    return text.replace("&#xD;", "\r").replace("&#x9;", "\t").replace("&#xA;", "\n").replace("&amp;", "&")


def generateElementsNamed(list: Iterable[Any], name: str) -> Iterator[Element]:
    """Those that are elements of that name."""
    return (child for child in list if isinstance(child, Element) and child.name == name)


def generateElementsQNamed(list: Iterable[Any], name: str, uri: str) -> Iterator[Element]:
    """Those that are elements of that name in that namespace."""
    return (child for child in generateElementsNamed(list, name) if child.uri == uri)


def generateOnlyInterface(list: Iterable[Any], kind: type) -> Iterator[Any]:
    """Those of a class."""
    return (child for child in list if isinstance(child, kind))


class Element:
    """An element: a name in a namespace, attributes, and children that are elements or text.

    ``element["name"]`` is an attribute, ``element.name`` the first child element of that name,
    ``str(element)`` the first text in it.
    """

    def __init__(
        self,
        qname: Tuple[Optional[str], str],
        defaultUri: Optional[str] = None,
        attribs: Optional[Mapping[Any, str]] = None,
        localPrefixes: Optional[Mapping[str, str]] = None,
    ) -> None:
        self.localPrefixes: Dict[str, str] = dict(localPrefixes or {})
        self.uri, self.name = qname
        self.defaultUri = self.uri if defaultUri is None else defaultUri
        self.attributes: Dict[Any, str] = dict(attribs or {})
        self.children: List[Child] = []
        self.parent: Optional[Element] = None

    def __getattr__(self, key: str) -> Any:
        if not key.startswith("__"):
            for child in self.elements():
                if child.name == key:
                    return child
            return None
        raise AttributeError(key)

    def __getitem__(self, key: Any) -> str:
        return self.attributes[key]

    def __setitem__(self, key: Any, value: str) -> None:
        self.attributes[key] = value

    def __delitem__(self, key: Any) -> None:
        del self.attributes[key]

    def __str__(self) -> str:
        return next((child for child in self.children if isinstance(child, str)), "")

    def __bytes__(self) -> bytes:
        return str(self).encode()

    def __repr__(self) -> str:
        return f"<Element {self.name} in {self.uri}>"

    # Attributes

    def getAttribute(self, attribname: Any, default: Optional[str] = None) -> Optional[str]:
        """An attribute; those in a namespace are named by a pair."""
        return self.attributes.get(attribname, default)

    def hasAttribute(self, attrib: Any) -> bool:
        """Whether there is such an attribute."""
        return attrib in self.attributes

    def compareAttribute(self, attrib: Any, value: Optional[str]) -> bool:
        """Whether an attribute has that value."""
        return self.attributes.get(attrib) == value

    def swapAttributeValues(self, left: Any, right: Any) -> None:
        """Gives two attributes each other's value."""
        attributes = self.attributes
        attributes[left], attributes[right] = attributes[right], attributes[left]

    # Children

    def addChild(self, node: Child) -> Child:
        """Adds an element or text behind the others."""
        if isinstance(node, Element):
            node.parent = self
        self.children.append(node)
        return node

    def addContent(self, text: str) -> str:
        """Adds text behind the children."""
        if not isinstance(text, str):
            raise TypeError(f"Expected str not {text!r} ({type(text).__name__})")
        if self.children and isinstance(self.children[-1], str):
            self.children[-1] += text
            return self.children[-1]
        self.children.append(text)
        return text

    def addElement(
        self, name: Name, defaultUri: Optional[str] = None, content: Optional[str] = None
    ) -> Element:
        """Adds an element, in the default namespace of this one if it says nothing else."""
        if isinstance(name, tuple):
            uri, local = name
            child = Element((uri, local), defaultUri if defaultUri is not None else uri)
        else:
            uri = self.defaultUri if defaultUri is None else defaultUri
            child = Element((uri, name), uri)
        self.addChild(child)
        if content:
            child.addContent(content)
        return child

    def addUniqueId(self) -> None:
        """Gives it an ``id`` that no other has had in this process."""
        self.attributes["id"] = f"H_{next(_ids)}"

    def elements(self, uri: Optional[str] = None, name: Optional[str] = None) -> Iterator[Element]:
        """The children that are elements; of a name and a namespace, if both are given."""
        for child in self.children:
            if isinstance(child, Element):
                if name is None or (child.name == name and child.uri == uri):
                    yield child

    def firstChildElement(self) -> Optional[Element]:
        """The first child that is an element."""
        return next(self.elements(), None)

    # Writing

    def toXml(
        self,
        prefixes: Optional[Mapping[str, str]] = None,
        closeElement: bool = True,
        defaultUri: str = "",
        prefixesInScope: Optional[Iterable[str]] = None,
    ) -> str:
        """The XML of it. ``prefixes`` are for namespaces that are to be written with one; those in
        ``prefixesInScope`` are declared already.
        """
        writer = _Writer(dict(prefixes or {}), set(prefixesInScope or ()))
        writer.element(self, defaultUri, closeElement)
        return "".join(writer.out)


class _Writer:
    """Writes elements, with the prefixes that they or who wrote them want."""

    def __init__(self, prefixes: Dict[str, str], inScope: set[str]) -> None:
        self.out: List[str] = []
        self.prefixes = {XML_URI: "xml", **prefixes}
        self.inScope = {"xml", *inScope}
        self.made = count()

    def prefix(self, uri: str, declared: Dict[str, str]) -> str:
        """The prefix for a namespace."""
        prefix = self.prefixes.get(uri) or declared.get(uri)
        if prefix is None:
            prefix = self.prefixes[uri] = f"xn{next(self.made)}"
        return prefix

    def element(self, made: Element, defaultUri: str, close: bool = True) -> None:
        """An element, or the beginning of one."""
        before, scope, out = dict(self.prefixes), set(self.inScope), self.out
        self.prefixes.update({uri: prefix for prefix, uri in made.localPrefixes.items()})
        uri = defaultUri if made.uri is None else made.uri
        declared: Dict[str, str] = {}
        name, inner = made.name, defaultUri
        if uri in self.prefixes and uri != XML_URI:
            name = f"{self.prefixes[uri]}:{made.name}"
            declared[uri] = self.prefixes[uri]
            wanted = uri if made.defaultUri is None else made.defaultUri
            if wanted != defaultUri and wanted != uri:
                inner = wanted
        elif uri != defaultUri:
            inner = uri
        texts = []
        for key, value in made.attributes.items():
            if isinstance(key, tuple):
                space, key = key
                if space:
                    prefix = self.prefix(space, declared)
                    declared[space] = prefix
                    key = f"{prefix}:{key}"
            texts.append(f" {key}='{escapeToXml(str(value), True)}'")
        out.append(f"<{name}")
        if inner != defaultUri:
            out.append(f" xmlns='{escapeToXml(inner, True)}'")
        for space, prefix in declared.items():
            if prefix not in self.inScope:
                self.inScope.add(prefix)
                out.append(f" xmlns:{prefix}='{escapeToXml(space, True)}'")
        out.extend(texts)
        if not close:
            out.append(">")
        elif not made.children:
            out.append("/>")
        else:
            out.append(">")
            for child in made.children:
                if isinstance(child, Element):
                    self.element(child, inner)
                else:
                    out.append(escapeToXml(child))
            out.append(f"</{name}>")
        self.prefixes, self.inScope = before, scope


def _fail(status: int, reason: Reason) -> NoReturn:
    if status == constants.ERR_NOMEM:
        raise MemoryError
    text = reason.text.decode("utf-8", "replace")
    raise ParserError(f"{text}, at byte {reason.offset}")


def parse(data: Union[bytes, str]) -> Element:
    """The element that a document is.

    :raises ParserError: when it is none, or one that is refused.
    """
    if isinstance(data, str):
        data = data.encode()
    handle, reason = c_uint64(), Reason()
    status = element.element_parse(byref(handle), data, len(data), None, byref(reason))
    if status < 0:
        _fail(status, reason)
    try:
        return fromHandle(handle.value)
    finally:
        element.element_free(handle.value)


#: ``plait_element_table``, and its rows.
_table = struct.Struct("IIPNPNPN").unpack_from
_nodes = struct.Struct("10I").iter_unpack
_attributes = struct.Struct("7I").unpack_from


def fromHandle(handle: int) -> Element:
    """The element that a tree of the C library's is."""
    table = element.ElementTable()
    status = element.element_get_table(handle, byref(table))
    if status < 0:
        raise ValueError(f"no element: {status}")
    # The pointers, as numbers: an object around each would take longer than the copy.
    _, _, text, length, rows, count, more, moreCount = _table(table)
    data: bytes = memory[text : text + length]
    # What is ASCII alone is decoded once.
    words = data.decode("ascii") if data.isascii() else _Pieces(data)
    attributes = memory[more : more + 28 * moreCount]
    made: List[Any] = []
    for row in _nodes(memory[rows : rows + 40 * count]):
        name, size, space, spaceSize, parent, _, _, _, attribute, isText = row
        above = made[parent] if parent != _NONE else None
        if isText:
            made.append(None)
            if above is not None:
                above.children.append(words[name : name + size])
            continue
        child = Element.__new__(Element)
        child.uri = child.defaultUri = words[space : space + spaceSize]
        child.name, child.localPrefixes = words[name : name + size], {}
        child.children, child.parent = [], above
        found: Dict[Any, str] = {}
        child.attributes = found
        while attribute != _NONE:
            at, size, of, ofSize, value, valueSize, attribute = _attributes(attributes, 28 * attribute)
            key: Any = words[at : at + size]
            if ofSize:
                key = words[of : of + ofSize], key
            found[key] = words[value : value + valueSize]
        if above is not None:
            above.children.append(child)
        made.append(child)
    root: Element = made[0]
    return root


class _Pieces:
    """Text by the places of its bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __getitem__(self, place: slice) -> str:
        return self.data[place].decode()
