package io.cairn.reactor.net;

import io.cairn.reactor.Reactor;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.Future;
import java.io.IOException;

/** Makes an event loop know a handle. */
final class Registrations {
    private Registrations() {}

    /** On the reactor, where the event loop answers at once. */
    static IoRegistration register(Reactor reactor, IoHandle handle) throws IOException {
        IoEventLoop loop = reactor.eventLoop().orElseThrow();
        Future<IoRegistration> registration = loop.register(handle);
        if (!registration.isSuccess()) {
            throw new IOException(reactor.name() + " takes no more connections", registration.cause());
        }
        return registration.getNow();
    }
}
