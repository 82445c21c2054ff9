"""What it costs to ask memcached from Python: memcache_client.py LIBRARY LOAD --port P [--size BYTES] [--secs T]

LIBRARY is plait, pymemcache or twisted, LOAD one of memcache_client.c. Every value is compared; it prints one JSON object.
"""

import argparse
import json
import resource
import time

KEYS = 100


class Run:
    """What is asked, and how long."""

    def __init__(self, options):
        self.options = options
        self.names = [b"k%d" % index for index in range(KEYS)]
        self.values = [bytes([97 + index % 26]) * options.size for index in range(KEYS)]
        self.done = 0

    def begin(self):
        self.start = time.monotonic()
        self.until = self.start + self.options.secs
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.before = used.ru_utime + used.ru_stime

    def end(self):
        spent = time.monotonic() - self.start
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu = used.ru_utime + used.ru_stime - self.before
        print(json.dumps({"per_s": self.done / spent, "us_per_op": cpu * 1e6 / self.done}))


def pymemcache(run):
    from pymemcache.client.base import Client

    client = Client(("127.0.0.1", run.options.port), no_delay=True)
    names = run.names
    for name, value in zip(names, run.values):
        client.set(name, value, noreply=False)
    run.begin()
    load, index = run.options.load, 0
    while time.monotonic() < run.until:
        index = (index + 1) % KEYS
        if load == "get":
            assert client.get(names[index]) == run.values[index]
            run.done += 1
        elif load == "set":
            client.set(names[index], run.values[index], noreply=False)
            run.done += 1
        elif load == "many":
            assert client.get_many(names) == dict(zip(names, run.values))
            run.done += KEYS
        else:
            raise SystemExit("pymemcache has no gets in flight")
    run.end()


def asynchronous(run, package):
    """Plait's and Twisted's have the same names."""
    import importlib

    reactor = importlib.import_module(f"{package}.internet.reactor")
    endpoints = importlib.import_module(f"{package}.internet.endpoints")
    memcache = importlib.import_module(f"{package}.protocols.memcache")
    names, values, load = run.names, run.values, run.options.load

    def over():
        if time.monotonic() < run.until:
            return False
        reactor.stop()
        return True

    def one(client, index):
        def got(result):
            nonlocal index
            assert result[1] == values[index]
            run.done += 1
            if not over():
                index = (index + 1) % KEYS
                client.get(names[index]).addCallbacks(got, failed)

        client.get(names[index]).addCallbacks(got, failed)

    def store(client, index):
        def stored(result):
            nonlocal index
            assert result
            run.done += 1
            if not over():
                index = (index + 1) % KEYS
                client.set(names[index], values[index]).addCallbacks(stored, failed)

        client.set(names[index], values[index]).addCallbacks(stored, failed)

    def flight(client, _):
        left = [KEYS]

        def got(result, index):
            assert result[1] == values[index]
            left[0] -= 1
            if not left[0]:
                run.done += KEYS
                if not over():
                    flight(client, 0)

        for index in range(KEYS):
            client.get(names[index]).addCallbacks(got, failed, (index,))

    def many(client, _):
        def got(result):
            assert len(result) == KEYS and result[names[7]][1] == values[7]
            run.done += KEYS
            if not over():
                many(client, 0)

        client.getMultiple(names).addCallbacks(got, failed)

    def failed(failure):
        failure.printTraceback()
        reactor.stop()

    def prepare(client):
        left = [KEYS]

        def stored(_):
            left[0] -= 1
            if not left[0]:
                run.begin()
                {"get": one, "set": store, "flight": flight, "many": many}[load](client, 0)

        for name, value in zip(names, values):
            client.set(name, value).addCallback(stored).addErrback(failed)

    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", run.options.port)
    connecting = endpoints.connectProtocol(where, memcache.MemCacheProtocol())
    connecting.addCallback(prepare).addErrback(failed)
    reactor.run()
    run.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("load")
    parser.add_argument("--port", type=int)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--secs", type=float, default=1)
    run = Run(parser.parse_args())
    if run.options.library == "pymemcache":
        pymemcache(run)
    else:
        asynchronous(run, run.options.library)


main()
