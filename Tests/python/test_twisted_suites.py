"""Twisted's own tests of what is not about sockets, with this package in the place of Twisted."""

from __future__ import annotations

import pytest

from borrowed import play, suite

DEFER = ["internet.defer", "internet.task", "internet.error", "python.failure"]
PROTOCOL = [*DEFER, "internet.protocol", "protocols.basic", "protocols.stateful"]

#: What is another way here, and why.
LOGS = "its logs are read by Twisted's observers; ours are tested in test_defer.py"
DETAILS = "it looks at what is not public"
DEPRECATED = "what is deprecated there is not here, or not deprecated here"
REACTOR = "it wants Twisted's reactor to run"
INTERFACES = "interfaces are typing protocols"
LACKING = "it is about what is not here"
WORDS = "other words"
THEIRS = "it is about their modules' names"

SUITES = {
    "twisted.test.test_defer": (
        DEFER,
        {
            "AlreadyCalledTests.testAlreadyCalledDebug_CC": WORDS,
            "AlreadyCalledTests.testAlreadyCalledDebug_CE": WORDS,
            "AlreadyCalledTests.testAlreadyCalledDebug_EC": WORDS,
            "AlreadyCalledTests.testAlreadyCalledDebug_EE": WORDS,
            "DeferredFilesystemLockTests.": LACKING,
            "DeferredFutureAdapterTests.test_fromFutureDeferredCancelled": DETAILS,
            "DeferredTests.test_DEFERRED_SUBCLASSES": DETAILS,
            "DeferredTests.test_callbacksAttributeDeprecated": DEPRECATED,
            "DeferredTests.test_chainDeferredRecords": DETAILS,
            "DeferredTests.test_circularChain": "it fails here, and is a warning there",
            "DeferredTests.test_explicitChainClearedWhenResolved": DETAILS,
            "DeferredTests.test_reprWithChaining": DETAILS,
            "LogTests.test_errorLog": LOGS,
            "TimeoutErrorTests.test_deprecatedTimeout": DEPRECATED,
            "UtilTests.test_logErrorLogsError": LOGS,
        },
    ),
    "twisted.internet.test.test_inlinecb": (
        DEFER,
        {
            "BasicTests.testReturnValueDeprecated": DEPRECATED,
            "BasicTests.test_internalDefGenReturnValueDoesntLeak": DEPRECATED,
            "NonLocalExitTests.test_returnValueNonLocal": DEPRECATED,
        },
    ),
    "twisted.internet.test.test_defer_await": (DEFER, {}),
    "twisted.internet.test.test_defer_yieldfrom": (DEFER, {}),
    "twisted.test.test_task": (
        [*DEFER, "internet.interfaces"],
        {
            "LoopTests.test_defaultClock": REACTOR,
            "LoopTests.test_deferredDeprecation": DEPRECATED,
            "ReactCoroutineFunctionTests.test_defaultReactor": REACTOR,
            "ReactTests.test_defaultReactor": REACTOR,
            "ReactorLoopTests.": REACTOR,
        },
    ),
    "twisted.test.test_protocols": (PROTOCOL, {}),
    "twisted.test.test_stateful": (PROTOCOL, {}),
    "twisted.test.test_socks": ([*PROTOCOL, "protocols.socks"], {}),
    "twisted.test.test_factories": (
        PROTOCOL,
        {"ReconnectingFactoryTests.test_deserializationResetsParameters": REACTOR},
    ),
    "twisted.internet.test.test_protocol": (
        PROTOCOL,
        {
            "AdapterTests.": INTERFACES,
            "FactoryTests.test_doStartLoggingStatement": LOGS,
            "FactoryTests.test_doStopLoggingStatement": LOGS,
            "FactoryTests.test_interfaces": INTERFACES,
            "ProtocolTests.test_interfaces": INTERFACES,
        },
    ),
    "twisted.protocols.test.test_basic": (
        PROTOCOL,
        {
            "FileSenderTests.test_interface": INTERFACES,
            "LineReceiverTests.test_rawDataError": "nothing is made of what a callback returns",
            "NetstringReceiverTests.test_consumeLength": DETAILS,
            "NetstringReceiverTests.test_receiveNetstringPortions_1": DETAILS,
            "NetstringReceiverTests.test_receiveTwoNetstrings": DETAILS,
        },
    ),
    "twisted.internet.test.test_testing": (
        [*PROTOCOL, "internet.address", "internet.interfaces", "internet.testing"],
        {
            "StringTransportTests.test_interfaces": INTERFACES,
            "ReactorTests.test_connectDestination": INTERFACES,
            "ReactorTests.test_listenDefaultHost": INTERFACES,
            "ReactorTests.test_memoryReactorProvides": INTERFACES,
            "ReactorTests.test_raisingReactorProvides": INTERFACES,
            "DeprecationTests.": THEIRS,
        },
    ),
    "twisted.internet.test.test_error": (["internet.error"], {"ConnectionAbortedTests.": WORDS}),
    "twisted.test.test_error": (
        ["internet.error"],
        {
            "StringificationTests.testThemAll": WORDS,
            "GetConnectErrorTests.": "the arguments of an exception have the number, too",
        },
    ),
    "twisted.internet.test.test_address": (["internet.address"], {}),
    "twisted.test.test_threadpool": (
        ["python.threadpool", "python.failure"],
        {
            "MemoryBackedTests.": DETAILS,
            "ThreadPoolTests.test_persistence": "a pool of threads cannot be pickled",
            "ThreadPoolTests.test_q": DETAILS,
            "ThreadPoolTests.test_workerStateTransition": DETAILS,
        },
    ),
    "twisted.application.test.test_internet": (
        [*DEFER, "application.internet", "application.service"],
        {
            "ClientServiceTests.test_clientConnected": "no proxy stands before a protocol",
            "ClientServiceTests.test_startTwice": LOGS,
            "EndpointServiceTests.test_synchronousRaise": DETAILS,
            "TimerServiceTests.test_pickleTimerService": "the harness's module cannot be imported",
            "TimerServiceTests.test_startServiceUsesGlobalReactor": REACTOR,
        },
    ),
}

#: Those that need a reactor to run, or nothing of ours, are left out; all others are played, and have to fail if there
#: is another way here.
CASES = []
for module, (names, otherwise) in SUITES.items():
    changed = {f"twisted.{name}": f"plait.{name}" for name in names}
    for name, test in suite(module, changed).items():
        why = next((otherwise[start] for start in otherwise if name.startswith(start)), None)
        if why not in (REACTOR, THEIRS):
            CASES.append(pytest.param(test, why, id=f"{module.rpartition('.')[2]}-{name}"))


@pytest.mark.logs_errors
@pytest.mark.parametrize("test, why", CASES)
def test_of_twisted(test, why, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    play(test, why)


def test_there_are_many():
    assert len(CASES) > 540
    assert sum(case.values[1] is None for case in CASES) > 500
