package io.cairn.module.aio;

import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import java.util.concurrent.CompletableFuture;

/** A system call made once through a ring, outside the I/O path, so that no thread waits for it. */
final class UringCall implements IoUringIoHandle {
    private final CompletableFuture<Integer> result = new CompletableFuture<>();

    private UringCall() {}

    /**
     * Makes the call.
     *
     * @param reactor the caller's
     * @return completes on that reactor with what the kernel answered: negative is an error number. What the entry points to
     *     must stay until then
     */
    static CompletableFuture<Integer> make(Reactor reactor, IoUringIoOps entry) {
        UringCall call = new UringCall();
        IoRegistration registration = UringLoop.register(reactor, call);
        try {
            registration.submit(entry);
            reactor.ioSubmitted();
        } catch (RuntimeException e) {
            registration.cancel();
            throw e;
        }
        return call.result;
    }

    @Override
    public void handle(IoRegistration registration, IoEvent event) {
        int answer = ((IoUringIoEvent) event).res();
        registration.cancel();
        result.complete(answer);
    }

    @Override
    public void close() {
        // the ring ends with the process's reactors: nobody will hear the answer
        result.complete(Errno.ESHUTDOWN.code());
    }
}
