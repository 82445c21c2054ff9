from twisted.protocols import amp
from twisted.internet import reactor, defer

# Define commands
class Sum(amp.Command):
    commandName = b'sum'
    arguments = [
        (b'a', amp.Integer()),
        (b'b', amp.Integer()),
    ]
    response = [
        (b'result', amp.Integer()),
    ]

class Greeting(amp.Command):
    commandName = b'greeting'
    arguments = [
        (b'name', amp.Unicode()),
    ]
    response = [
        (b'message', amp.Unicode()),
    ]

# Server implementation
class MathServer(amp.AMP):
    def sum(self, a, b):
        return {'result': a + b}

    def greeting(self, name):
        return {'message': f'Hello, {name}!'}

# Client usage
class MathClient(amp.AMP):
    def connectionMade(self):
        amp.AMP.connectionMade(self)
        # Call remote commands
        d1 = self.callRemote(Sum, a=5, b=3)
        d1.addCallback(lambda result: print(f"Sum: {result['result']}"))
        d2 = self.callRemote(Greeting, name="Alice")
        d2.addCallback(lambda result: print(f"Greeting: {result['message']}"))
