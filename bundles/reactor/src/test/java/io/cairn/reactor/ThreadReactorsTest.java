package io.cairn.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreadReactorsTest {
    private static final ReactorOptions TWO = ReactorOptions.defaults().withCount(2);

    @ParameterizedTest
    @EnumSource(IoBackend.class)
    void messagesOfOneSenderRunInTheirOrder(IoBackend backend) throws Exception {
        try (ThreadReactors reactors = new ThreadReactors(TWO.withBackend(backend))) {
            int perSender = 50_000;
            Reactor receiver = reactors.all().get(1);
            List<List<Integer>> seen = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            CountDownLatch done = new CountDownLatch(3 * perSender);
            List<Thread> senders = IntStream.range(0, 3)
                    .mapToObj(sender -> new Thread(() -> {
                        for (int i = 0; i < perSender; i++) {
                            int number = i;
                            receiver.execute(() -> {
                                receiver.requireCurrent();
                                seen.get(sender).add(number);
                                done.countDown();
                            });
                        }
                    }))
                    .toList();
            senders.forEach(Thread::start);
            done.await();
            for (List<Integer> ofOne : seen) {
                assertThat(ofOne)
                        .isEqualTo(IntStream.range(0, perSender).boxed().toList());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(IoBackend.class)
    void noWakeUpIsLostBetweenReactorsThatFallAsleepAllTheTime(IoBackend backend) throws Exception {
        // no spinning: after every message each reactor goes to sleep, so that nearly every message meets a sleeper
        ReactorOptions options = new ReactorOptions(2, backend, 0, false, BufferPool.LARGEST, 1_000_000_000L);
        try (ThreadReactors reactors = new ThreadReactors(options)) {
            CountDownLatch done = new CountDownLatch(3);
            for (int ball = 0; ball < 2; ball++) {
                play(reactors.all().get(ball), reactors.all().get(1 - ball), 20_000, done);
            }
            Thread outside = new Thread(() -> {
                Semaphore answer = new Semaphore(0);
                for (int i = 0; i < 20_000; i++) {
                    reactors.all().get(i & 1).execute(answer::release);
                    answer.acquireUninterruptibly();
                }
                done.countDown();
            });
            outside.start();
            assertThat(done.await(50, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static void play(Reactor here, Reactor there, int left, CountDownLatch done) {
        here.execute(() -> {
            if (left == 0) {
                done.countDown();
            } else {
                play(there, here, left - 1, done);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(IoBackend.class)
    void aSleeperWakesForItsTimersInTheirOrder(IoBackend backend) throws Exception {
        try (ThreadReactors reactors = new ThreadReactors(TWO.withBackend(backend))) {
            List<String> order = on(reactors.app(), reactor -> {
                CompletableFuture<List<String>> result = new CompletableFuture<>();
                List<String> rang = new ArrayList<>();
                long start = reactor.clockNanos();
                reactor.after(20_000_000, () -> {
                    rang.add("second");
                    assertThat(reactor.clockNanos() - start).isGreaterThanOrEqualTo(20_000_000);
                    result.complete(rang);
                });
                reactor.after(5_000_000, () -> rang.add("first"));
                Poller.Registration cancelled = reactor.after(10_000_000, () -> rang.add("cancelled"));
                cancelled.close();
                cancelled.close();
                return result;
            });
            assertThat(order).containsExactly("first", "second");
        }
    }

    @Test
    void aPollerThatIsIdleKeepsTheReactorAwakeAndOneThatIsAsleepDoesNot() throws Exception {
        try (ThreadReactors reactors = new ThreadReactors(TWO.withCount(1))) {
            ThreadReactor reactor = (ThreadReactor) reactors.app();
            CountDownLatch polledOften = new CountDownLatch(1);
            on(reactor, r -> {
                int[] polls = {0};
                Poller.Registration[] self = new Poller.Registration[1];
                self[0] = r.poll("idle", () -> {
                    if (++polls[0] == 100_000) {
                        self[0].close();
                        polledOften.countDown();
                    }
                    return Poller.IDLE;
                });
                r.poll("asleep", () -> Poller.ASLEEP);
                return CompletableFuture.completedFuture(null);
            });
            polledOften.await();
            while (!reactor.isWaiting()) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void whatIsThrownEndsNeitherTheReactorNorOtherPollers() throws Exception {
        try (ThreadReactors reactors = new ThreadReactors(TWO.withCount(1))) {
            Reactor reactor = reactors.app();
            AtomicInteger badPolls = new AtomicInteger();
            CountDownLatch goodPolls = new CountDownLatch(10);
            on(reactor, r -> {
                r.poll("bad", () -> {
                    badPolls.incrementAndGet();
                    throw new IllegalStateException("on purpose");
                });
                r.poll("good", () -> {
                    goodPolls.countDown();
                    return goodPolls.getCount() > 0 ? 1 : Poller.ASLEEP;
                });
                r.after(0, () -> {
                    throw new AssertionError("on purpose");
                });
                r.defer(() -> {
                    throw new StackOverflowError("on purpose");
                });
                return CompletableFuture.completedFuture(null);
            });
            reactor.execute(() -> {
                throw new NoClassDefFoundError("on purpose");
            });
            goodPolls.await();
            String answer = on(reactor, r -> CompletableFuture.completedFuture("alive"));
            assertThat(answer).isEqualTo("alive");
            assertThat(badPolls).hasValue(1);
        }
    }

    @Test
    void pollersMayBeAddedAndRemovedWhilePolling() throws Exception {
        try (ThreadReactors reactors = new ThreadReactors(TWO.withCount(1))) {
            CompletableFuture<String> second = new CompletableFuture<>();
            on(reactors.app(), r -> {
                Poller.Registration[] first = new Poller.Registration[1];
                first[0] = r.poll("first", () -> {
                    first[0].close();
                    first[0].close();
                    r.poll("second", () -> {
                        second.complete("polled");
                        return Poller.ASLEEP;
                    });
                    return Poller.ASLEEP;
                });
                return CompletableFuture.completedFuture(null);
            });
            assertThat(second.get()).isEqualTo("polled");
        }
    }

    @Test
    void aTimedPollerIsCalledUntilItIsClosed() throws Exception {
        try (ThreadReactors reactors = new ThreadReactors(TWO.withCount(1))) {
            Integer calls = on(reactors.app(), r -> {
                CompletableFuture<Integer> result = new CompletableFuture<>();
                int[] called = {0};
                Poller.Registration[] self = new Poller.Registration[1];
                self[0] = r.poll("timed", 100_000, () -> {
                    if (++called[0] == 5) {
                        self[0].close();
                        r.after(5_000_000, () -> result.complete(called[0]));
                    }
                    return 1;
                });
                return result;
            });
            assertThat(calls).isEqualTo(5);
        }
    }

    @Test
    void theEventLoopRunsItsOwnTasks() throws Exception {
        try (ThreadReactors reactors = new ThreadReactors(TWO.withCount(1))) {
            Reactor reactor = reactors.app();
            CompletableFuture<Boolean> onReactor = new CompletableFuture<>();
            reactor.eventLoop().orElseThrow().execute(() -> onReactor.complete(reactor.isCurrent()));
            assertThat(onReactor.get()).isTrue();
            CompletableFuture<Boolean> later = new CompletableFuture<>();
            reactor.eventLoop()
                    .orElseThrow()
                    .schedule(() -> later.complete(reactor.isCurrent()), 2, TimeUnit.MILLISECONDS);
            assertThat(later.get()).isTrue();
        }
    }

    @Test
    void closingRunsWhatIsInLineAndThenRejects() throws Exception {
        ThreadReactors reactors = new ThreadReactors(TWO);
        AtomicInteger ran = new AtomicInteger();
        CountDownLatch gate = new CountDownLatch(1);
        reactors.app().execute(() -> awaitUninterruptibly(gate));
        for (int i = 0; i < 1000; i++) {
            reactors.app().execute(ran::incrementAndGet);
        }
        gate.countDown();
        reactors.close();
        assertThat(ran).hasValue(1000);
        assertThatThrownBy(() -> reactors.app().execute(ran::incrementAndGet))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageContaining("cairn-reactor-0");
        reactors.close();
    }

    @Test
    void aMessageSentDuringTheEndEitherRunsOrIsRejected() throws Exception {
        for (int round = 0; round < 50; round++) {
            ThreadReactors reactors = new ThreadReactors(TWO.withCount(1).withBackend(IoBackend.NIO));
            AtomicInteger ran = new AtomicInteger();
            AtomicInteger accepted = new AtomicInteger();
            CyclicBarrier start = new CyclicBarrier(3);
            Thread[] senders = new Thread[2];
            for (int s = 0; s < senders.length; s++) {
                senders[s] = new Thread(() -> {
                    try {
                        start.await();
                        while (true) {
                            reactors.app().execute(ran::incrementAndGet);
                            accepted.incrementAndGet();
                        }
                    } catch (RejectedExecutionException end) {
                        return;
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                });
                senders[s].start();
            }
            start.await();
            // a flood that never ends must not keep the reactor from ending
            reactors.close();
            for (Thread sender : senders) {
                sender.join();
            }
            assertThat(ran).hasValue(accepted.get());
        }
    }

    @Test
    void theWatchdogShowsWhoBlocks() throws Exception {
        record Report(Reactor reactor, long nanos, List<StackTraceElement> stack) {}
        CompletableFuture<Report> report = new CompletableFuture<>();
        ReactorOptions options = new ReactorOptions(1, IoBackend.AUTO, 0, false, BufferPool.LARGEST, 2_000_000);
        try (ThreadReactors reactors = new ThreadReactors(
                options,
                (reactor, nanos, stack, suppressed) -> report.complete(new Report(reactor, nanos, List.of(stack))))) {
            reactors.app().execute(() -> blockUntil(report));
            Report seen = report.get();
            assertThat(seen.reactor()).isSameAs(reactors.app());
            assertThat(seen.nanos()).isGreaterThanOrEqualTo(2_000_000);
            assertThat(seen.stack()).anyMatch(frame -> frame.getMethodName().equals("blockUntil"));
        }
    }

    @Test
    void theWatchdogSeesWhoBlocksInAnEventOfTheLoopThatWokeTheReactor() throws Exception {
        CompletableFuture<StackTraceElement[]> report = new CompletableFuture<>();
        ReactorOptions options = new ReactorOptions(1, IoBackend.AUTO, 0, false, BufferPool.LARGEST, 2_000_000);
        try (ThreadReactors reactors =
                new ThreadReactors(options, (reactor, nanos, stack, suppressed) -> report.complete(stack))) {
            ThreadReactor reactor = (ThreadReactor) reactors.app();
            while (!reactor.isWaiting()) {
                Thread.onSpinWait();
            }
            reactor.eventLoop().orElseThrow().execute(() -> blockUntil(report));
            assertThat(report.get()).anyMatch(frame -> frame.getMethodName().equals("blockUntil"));
        }
    }

    @Test
    void aTurnThatLastsVeryLongIsReportedHoweverManyReportsThereWere() throws Exception {
        record Report(long nanos, int suppressed) {}
        List<Report> reports = new ArrayList<>();
        try (ThreadReactors reactors = new ThreadReactors(TWO.withCount(1))) {
            Watchdog watchdog = new Watchdog(
                    List.of((ThreadReactor) reactors.app()),
                    10_000_000,
                    (who, nanos, stack, suppressed) -> reports.add(new Report(nanos, suppressed)));
            blockedTurn(reactors.app(), () -> {
                watchdog.look(0, false);
                watchdog.look(10_000_000, false);
                watchdog.look(2_000_000_000, false);
            });
            assertThat(reports).as("one for each turn").containsExactly(new Report(10_000_000, 0));

            // within 10 s of that: a hiccup is left out, a block is not
            blockedTurn(reactors.app(), () -> {
                watchdog.look(3_000_000_000L, false);
                watchdog.look(3_010_000_000L, false);
            });
            assertThat(reports).hasSize(1);
            blockedTurn(reactors.app(), () -> {
                watchdog.look(4_000_000_000L, false);
                watchdog.look(4_010_000_000L, false);
                assertThat(reports).hasSize(1);
                watchdog.look(5_000_000_000L, false);
                watchdog.look(6_000_000_000L, false);
            });
            assertThat(reports.subList(1, reports.size())).containsExactly(new Report(1_000_000_000, 1));
        }
    }

    /** Lets a reactor be in one turn while something is done elsewhere. */
    private static void blockedTurn(Reactor reactor, Runnable meanwhile) throws Exception {
        CompletableFuture<Void> entered = new CompletableFuture<>();
        CompletableFuture<Void> end = new CompletableFuture<>();
        reactor.execute(() -> {
            entered.complete(null);
            blockUntil(end);
        });
        entered.get();
        long turn = ((ThreadReactor) reactor).turns();
        try {
            meanwhile.run();
        } finally {
            end.complete(null);
        }
        // what is sent now may still run in the same turn; the next block is to have one of its own
        while (((ThreadReactor) reactor).turns() == turn) {
            Thread.onSpinWait();
        }
    }

    private static void blockUntil(CompletableFuture<?> report) {
        report.join();
    }

    @Test
    void aReactorThatWaitsIsNotReported() throws Exception {
        try (ThreadReactors reactors = new ThreadReactors(TWO.withCount(1))) {
            ThreadReactor reactor = (ThreadReactor) reactors.app();
            AtomicBoolean reported = new AtomicBoolean();
            Watchdog watchdog =
                    new Watchdog(List.of(reactor), 1_000_000, (who, nanos, stack, suppressed) -> reported.set(true));
            while (!reactor.isWaiting()) {
                Thread.onSpinWait();
            }
            watchdog.look(0, false);
            watchdog.look(3_600_000_000_000L, false);
            assertThat(reported).isFalse();
        }
    }

    @Test
    void aTurnWithoutAnybodyToBlameIsNotReported() {
        StackTraceElement machinery = new StackTraceElement("io.cairn.reactor.ThreadReactor", "run", null, 1);
        StackTraceElement selector = new StackTraceElement("sun.nio.ch.EPoll", "wait", null, 1);
        StackTraceElement turn = new StackTraceElement("io.cairn.reactor.Reactor$BusyPoller", "run", null, 1);
        StackTraceElement module = new StackTraceElement("io.cairn.module.x.Module", "poll", null, 1);
        assertThat(Watchdog.hasCulprit(new StackTraceElement[] {selector, turn, machinery}))
                .isFalse();
        assertThat(Watchdog.hasCulprit(new StackTraceElement[] {selector, module, turn, machinery}))
                .isTrue();
    }

    @Test
    void blockingWorkRunsElsewhere() throws Exception {
        try (ThreadReactors reactors = new ThreadReactors(TWO)) {
            CompletableFuture<Boolean> onReactor = new CompletableFuture<>();
            reactors.blocking()
                    .execute(() -> onReactor.complete(reactors.current().isPresent()));
            assertThat(onReactor.get()).isFalse();
            Reactor app = reactors.onApp(() ->
                            CompletableFuture.completedFuture(reactors.current().orElseThrow()))
                    .toCompletableFuture()
                    .get();
            assertThat(app).isSameAs(reactors.app());
        }
    }

    @Test
    void reactorsAreHandedOutInTurn() {
        try (ThreadReactors reactors = new ThreadReactors(TWO)) {
            Reactor first = reactors.next();
            assertThat(reactors.next()).isNotSameAs(first);
            assertThat(reactors.next()).isSameAs(first);
        }
    }

    @Test
    void optionsComeFromPropertiesAndBadOnesAreNamed() {
        ReactorOptions options = ReactorOptions.from(name -> switch (name) {
            case "cairn.reactor.count" -> "3";
            case "cairn.reactor.backend" -> "Io_Uring";
            case "cairn.reactor.always-poll" -> "true";
            default -> null;
        });
        assertThat(options)
                .isEqualTo(new ReactorOptions(
                        3,
                        IoBackend.IO_URING,
                        ReactorOptions.defaults().spinNanos(),
                        true,
                        ReactorOptions.defaults().bufferPoolBytes(),
                        ReactorOptions.defaults().watchdogNanos()));
        for (String bad : List.of("count", "backend", "spin-nanos", "buffer-pool-bytes", "watchdog-nanos")) {
            assertThatThrownBy(() -> ReactorOptions.from(name -> name.equals("cairn.reactor." + bad) ? "-1x" : null))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("cairn.reactor." + bad);
        }
        assertThatThrownBy(() -> ReactorOptions.defaults().withCount(0)).hasMessageContaining("cairn.reactor.count=0");
    }

    private interface Task<T> {
        CompletableFuture<T> start(Reactor reactor);
    }

    private static <T> T on(Reactor reactor, Task<T> task) throws Exception {
        CompletableFuture<T> result = new CompletableFuture<>();
        Consumer<Throwable> failed = result::completeExceptionally;
        reactor.execute(() -> {
            try {
                task.start(reactor).whenComplete((value, failure) -> {
                    if (failure == null) {
                        result.complete(value);
                    } else {
                        failed.accept(failure);
                    }
                });
            } catch (RuntimeException | Error e) {
                failed.accept(e);
            }
        });
        return result.get();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
