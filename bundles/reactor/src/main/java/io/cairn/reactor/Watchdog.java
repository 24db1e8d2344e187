package io.cairn.reactor;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Reports turns that take too long, with the stack that the reactor is in. Looks on from a thread of its own, so that a turn
 * pays nothing for it; while all reactors wait for events it looks rarely, so that idle stays idle, and the first long
 * turn after a rest may go unseen if it is shorter than {@link #REST_NANOS}.
 */
final class Watchdog implements Runnable, AutoCloseable {
    /** Takes a report. */
    interface Listener {
        /**
         * A turn is taking too long.
         *
         * @param suppressed reports of this reactor that were left out since the last one
         */
        void longTurn(Reactor reactor, long nanos, StackTraceElement[] stack, int suppressed);
    }

    private static final Logger LOG = System.getLogger(Watchdog.class.getName());
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long REPORT_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** A turn of so many thresholds is reported however many reports there were: it is no hiccup, and its culprit may be another. */
    private static final int ALWAYS_REPORTED = 100;

    private static final Set<String> OUR_MACHINERY =
            Set.of(ThreadReactor.class.getName(), SleepAwareIoHandler.class.getName(), Reactor.class.getName());
    private static final List<String> OTHER_MACHINERY = List.of("io.netty.", "org.jctools.", "java.", "jdk.", "sun.");

    private final List<Watched> watched;
    private final long threshold;
    private final Listener listener;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread = new Thread(null, this, "cairn-reactor-watchdog", 0, false);

    Watchdog(List<ThreadReactor> reactors, long thresholdNanos, Listener listener) {
        this.watched = reactors.stream().map(Watched::new).toList();
        this.threshold = thresholdNanos;
        this.listener = listener;
        thread.setDaemon(true);
        thread.setContextClassLoader(Watchdog.class.getClassLoader());
    }

    /** Reports to the log. */
    static void log(Reactor reactor, long nanos, StackTraceElement[] stack, int suppressed) {
        StringBuilder text = new StringBuilder(reactor.name())
                .append(": a turn has been taking ")
                .append(TimeUnit.NANOSECONDS.toMillis(nanos))
                .append(" ms; nothing may block a reactor");
        if (suppressed > 0) {
            text.append(" (").append(suppressed).append(" reports left out)");
        }
        for (StackTraceElement frame : stack) {
            text.append("\n\tat ").append(frame);
        }
        LOG.log(Level.WARNING, text.toString());
    }

    void start() {
        thread.start();
    }

    @Override
    public void close() {
        stop.countDown();
    }

    @Override
    public void run() {
        long tick = threshold / 2;
        long last = System.nanoTime();
        try {
            while (!stop.await(anyAwake() ? tick : Math.max(tick, REST_NANOS), TimeUnit.NANOSECONDS)) {
                long now = System.nanoTime();
                // if this thread was held up, the machine or the JVM stood still and the reactors are not to blame
                boolean heldUp = now - last > REST_NANOS + tick;
                last = now;
                look(now, heldUp);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void look(long now, boolean heldUp) {
        for (Watched each : watched) {
            each.look(now, heldUp);
        }
    }

    private boolean anyAwake() {
        for (Watched each : watched) {
            if (!each.reactor.isWaiting()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns whether anybody but the machinery of reactors is at work: a thread that has not been given a processor for
     * long is found in a turn, too, and there is nobody to blame for that.
     */
    static boolean hasCulprit(StackTraceElement[] stack) {
        for (StackTraceElement frame : stack) {
            String name = frame.getClassName();
            int nested = name.indexOf('$');
            String outer = nested < 0 ? name : name.substring(0, nested);
            if (!OUR_MACHINERY.contains(outer) && OTHER_MACHINERY.stream().noneMatch(name::startsWith)) {
                return true;
            }
        }
        return false;
    }

    private final class Watched {
        private final ThreadReactor reactor;
        private long turns = -1;
        private long since;
        private boolean leftOut;
        private boolean reported;
        private long lastReport;
        private boolean everReported;
        private int suppressed;

        Watched(ThreadReactor reactor) {
            this.reactor = reactor;
        }

        void look(long now, boolean heldUp) {
            long current = reactor.turns();
            if (current != turns || heldUp || reactor.isWaiting()) {
                turns = current;
                since = now;
                leftOut = false;
                reported = false;
                return;
            }
            boolean always = now - since >= threshold * ALWAYS_REPORTED;
            if (now - since >= threshold && !reported && (always || !leftOut)) {
                StackTraceElement[] stack = reactor.thread().getStackTrace();
                if (reactor.turns() == current && !reactor.isWaiting() && hasCulprit(stack)) {
                    report(now, stack, always);
                }
            }
        }

        private void report(long now, StackTraceElement[] stack, boolean always) {
            if (!always && everReported && now - lastReport < REPORT_EVERY_NANOS) {
                suppressed++;
                leftOut = true;
                return;
            }
            int others = leftOut ? suppressed - 1 : suppressed;
            reported = true;
            everReported = true;
            lastReport = now;
            suppressed = 0;
            listener.longTurn(reactor, now - since, stack, others);
        }
    }
}
