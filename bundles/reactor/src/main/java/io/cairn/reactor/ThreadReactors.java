package io.cairn.reactor;

import io.netty.channel.IoHandlerFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;

/**
 * The reactors of a process: daemon threads that run from construction to {@link #close}.
 *
 * <p>In OSGi this is the {@link Reactors} service, set up by the system properties that {@link ReactorOptions#from} reads. They are
 * not a configuration that can change at run time, because that would end every stack of the process.
 */
@Component(service = Reactors.class, immediate = true, configurationPolicy = ConfigurationPolicy.IGNORE)
public final class ThreadReactors implements Reactors, AutoCloseable {
    private static final int BLOCKING_THREADS = 4;
    private static final int BLOCKING_WAITING = 1 << 16;
    private static final long BLOCKING_END_SECONDS = 10;

    private final List<ThreadReactor> reactors;
    private final List<Reactor> view;
    private final AtomicInteger next = new AtomicInteger();
    private final ThreadPoolExecutor blocking;
    private final Watchdog watchdog;

    /** Starts reactors as the system properties say. */
    @Activate
    public ThreadReactors() {
        this(ReactorOptions.from(System::getProperty));
    }

    /**
     * Starts reactors.
     *
     * @throws IllegalStateException if io_uring is asked for by name and cannot be had
     */
    public ThreadReactors(ReactorOptions options) {
        this(options, Watchdog::log);
    }

    ThreadReactors(ReactorOptions options, Watchdog.Listener longTurns) {
        IoHandlerFactory handlers = EventLoops.choose(options.backend());
        List<ThreadReactor> made = new ArrayList<>();
        try {
            for (int i = 0; i < options.count(); i++) {
                ThreadReactor reactor = new ThreadReactor(i, options, handlers);
                made.add(reactor);
                reactor.start();
            }
        } catch (RuntimeException | Error e) {
            made.forEach(ThreadReactor::stop);
            throw e;
        }
        reactors = List.copyOf(made);
        view = Collections.unmodifiableList(made);
        blocking = blockingThreads();
        watchdog = new Watchdog(reactors, options.watchdogNanos(), longTurns);
        watchdog.start();
    }

    /** All threads are made here and now: later ones would inherit, and keep, the access context of whoever submits. */
    private static ThreadPoolExecutor blockingThreads() {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                BLOCKING_THREADS,
                BLOCKING_THREADS,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(BLOCKING_WAITING),
                work -> {
                    Thread thread = new Thread(null, work, "cairn-blocking-" + number.getAndIncrement(), 0, false);
                    thread.setDaemon(true);
                    thread.setContextClassLoader(ThreadReactors.class.getClassLoader());
                    return thread;
                });
        threads.prestartAllCoreThreads();
        return threads;
    }

    @Override
    public List<Reactor> all() {
        return view;
    }

    @Override
    public Optional<Reactor> current() {
        Thread caller = Thread.currentThread();
        for (ThreadReactor reactor : reactors) {
            if (reactor.thread() == caller) {
                return Optional.of(reactor);
            }
        }
        return Optional.empty();
    }

    @Override
    public Reactor next() {
        return view.get(Math.floorMod(next.getAndIncrement(), view.size()));
    }

    @Override
    public Executor blocking() {
        return blocking;
    }

    /**
     * Ends the reactors after they have run what is in line, and waits for that. What is sent to them afterwards is
     * rejected. Not from a reactor. Harmless when called again.
     */
    @Deactivate
    @Override
    public void close() {
        current().ifPresent(reactor -> {
            throw new IllegalStateException(reactor.name() + " cannot wait for its own end");
        });
        blocking.shutdown();
        boolean interrupted = false;
        try {
            if (!blocking.awaitTermination(BLOCKING_END_SECONDS, TimeUnit.SECONDS)) {
                blocking.shutdownNow();
            }
        } catch (InterruptedException e) {
            blocking.shutdownNow();
            interrupted = true;
        }
        reactors.forEach(ThreadReactor::stop);
        for (ThreadReactor reactor : reactors) {
            interrupted |= join(reactor.thread());
        }
        watchdog.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }
}
