package io.cairn.bdev.core;

import io.cairn.bdev.IoType;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/**
 * The I/O of one bdev that is out at one moment, without the core's own children of it.
 *
 * @param inModule how many the module has, or the core works on in pieces that the module has
 * @param waiting how many wait in the core, themselves or all their pieces: behind a hold, a reset, a locked range, or for memory
 * @param aborts how many aborts wait for what they are to end; not counted in the other two
 * @param age how long the oldest of all has been out; zero if there is none
 * @param oldest that one in words; empty if there is none
 * @param silent the reactors that have not answered: theirs are not counted
 */
record OutstandingIo(int inModule, int waiting, int aborts, Duration age, String oldest, List<String> silent) {
    /** How long the reactors have to answer: a reactor that a module blocks must not keep others from seeing it. */
    private static final Duration LONGEST = Duration.ofSeconds(1);

    static final OutstandingIo NONE = new OutstandingIo(0, 0, 0, Duration.ZERO, "", List.of());

    /** Counts on every reactor; completes within a second, whatever the reactors do. From the app thread. */
    static CompletionStage<OutstandingIo> of(CoreBdev bdev) {
        Reactor app = bdev.reactors().app();
        app.requireCurrent();
        CompletableFuture<OutstandingIo> answer = new CompletableFuture<>();
        TreeSet<String> silent = new TreeSet<>();
        OutstandingIo[] sum = {NONE};
        for (Reactor reactor : bdev.reactors().all()) {
            silent.add(reactor.name());
            reactor.execute(() -> {
                SharedChannel channel = bdev.sharedChannels().channel(reactor);
                OutstandingIo here = channel == null ? NONE : channel.outstandingIo();
                app.execute(() -> {
                    sum[0] = sum[0].plus(here);
                    silent.remove(reactor.name());
                    if (silent.isEmpty()) {
                        answer.complete(sum[0]);
                    }
                });
            });
        }
        Poller.Registration timer =
                app.after(LONGEST.toNanos(), () -> answer.complete(sum[0].silent(List.copyOf(silent))));
        answer.whenComplete((v, e) -> timer.close());
        return answer;
    }

    /** Counts for several bdevs at once; completes as {@link #of} does. From the app thread. */
    static CompletionStage<Map<CoreBdev, OutstandingIo>> ofAll(Iterable<CoreBdev> bdevs) {
        Map<CoreBdev, CompletableFuture<OutstandingIo>> counting = new LinkedHashMap<>();
        bdevs.forEach(bdev -> counting.put(bdev, of(bdev).toCompletableFuture()));
        return CompletableFuture.allOf(counting.values().toArray(CompletableFuture[]::new))
                .thenApply(v -> {
                    Map<CoreBdev, OutstandingIo> all = new HashMap<>();
                    counting.forEach((bdev, count) -> all.put(bdev, count.join()));
                    return all;
                });
    }

    /**
     * Counts in one channel's pools, on its reactor.
     *
     * @param moduleHas whether the module has an I/O or a child of it
     */
    static OutstandingIo in(Iterable<IoPool> pools, Predicate<Io> moduleHas, long nowNanos) {
        int inModule = 0;
        int waiting = 0;
        int aborts = 0;
        Io oldest = null;
        for (IoPool pool : pools) {
            for (int i = 0; i < pool.size(); i++) {
                Io io = pool.get(i);
                if (io.state == Io.FREE || io.state == Io.DEFERRED) {
                    continue;
                }
                if (io.type() == IoType.ABORT) {
                    aborts++;
                } else if (moduleHas.test(io)) {
                    inModule++;
                } else {
                    waiting++;
                }
                if (oldest == null || io.submitted - oldest.submitted < 0) {
                    oldest = io;
                }
            }
        }
        return oldest == null
                ? NONE
                : new OutstandingIo(
                        inModule,
                        waiting,
                        aborts,
                        Duration.ofNanos(nowNanos - oldest.submitted),
                        oldest.toString(),
                        List.of());
    }

    private OutstandingIo plus(OutstandingIo other) {
        OutstandingIo older = other.age.compareTo(age) > 0 || oldest.isEmpty() ? other : this;
        return new OutstandingIo(
                inModule + other.inModule,
                waiting + other.waiting,
                aborts + other.aborts,
                older.age,
                older.oldest,
                List.of());
    }

    private OutstandingIo silent(List<String> reactors) {
        return new OutstandingIo(inModule, waiting, aborts, age, oldest, reactors);
    }

    boolean isNone() {
        return inModule + waiting + aborts == 0 && silent.isEmpty();
    }

    /** Says it for people: {@code module error has 3 I/Os, the oldest for 2.5 s (WRITE of 8 blocks at 0 of EE_B)}. */
    String words(String module) {
        List<String> parts = new ArrayList<>();
        if (inModule > 0) {
            parts.add("module " + module + " has " + count(inModule));
        }
        if (waiting > 0) {
            parts.add((inModule > 0 ? waiting : count(waiting)) + (waiting == 1 ? " waits" : " wait") + " in the core");
        }
        if (aborts > 0) {
            parts.add(aborts == 1 ? "1 abort waits for its I/O to end" : aborts + " aborts wait for their I/O to end");
        }
        if (inModule + waiting + aborts > 0) {
            parts.add(String.format(
                    Locale.ROOT,
                    "%s for %.1f s (%s)",
                    inModule + waiting + aborts == 1 ? "it has been out" : "the oldest has been out",
                    age.toMillis() / 1000.0,
                    oldest));
        }
        if (!silent.isEmpty()) {
            parts.add("not counted on " + String.join(", ", silent) + ", which does not answer");
        }
        return String.join(", ", parts);
    }

    private static String count(int ios) {
        return ios == 1 ? "1 I/O" : ios + " I/Os";
    }
}
