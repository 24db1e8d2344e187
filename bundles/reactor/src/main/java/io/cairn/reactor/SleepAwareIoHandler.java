package io.cairn.reactor;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;

/**
 * Hands everything on to Netty's handler and tells when it has done waiting and begins to run the events: one call of the
 * event loop does both, and only the wait is no turn that the watchdog should complain about.
 */
final class SleepAwareIoHandler implements IoHandler {
    private final IoHandler handler;
    private final Context context;

    SleepAwareIoHandler(IoHandler handler, Runnable waited) {
        this.handler = handler;
        this.context = new Context(waited);
    }

    @Override
    public int run(IoHandlerContext loop) {
        context.loop = loop;
        return handler.run(context);
    }

    @Override
    public void initialize() {
        handler.initialize();
    }

    @Override
    public void prepareToDestroy() {
        handler.prepareToDestroy();
    }

    @Override
    public void destroy() {
        handler.destroy();
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        return handler.register(handle);
    }

    @Override
    public void wakeup() {
        handler.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return handler.isCompatible(handleType);
    }

    private static final class Context implements IoHandlerContext {
        private final Runnable waited;
        private IoHandlerContext loop;

        Context(Runnable waited) {
            this.waited = waited;
        }

        @Override
        public boolean canBlock() {
            return loop.canBlock();
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
            return loop.delayNanos(currentTimeNanos);
        }

        @Override
        public long deadlineNanos() {
            return loop.deadlineNanos();
        }

        /** Every handler asks this between its wait and its events, which is what it is used for here. */
        @Override
        public boolean shouldReportActiveIoTime() {
            waited.run();
            return false;
        }
    }
}
