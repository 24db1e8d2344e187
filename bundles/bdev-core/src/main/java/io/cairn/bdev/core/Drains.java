package io.cairn.bdev.core;

import io.cairn.bdev.BdevException;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Closes the gates of some bdevs and waits until nothing of their I/O is under way: level by level from the top of the stack down,
 * because what is under way in an upper one needs the lower ones to end. App thread.
 */
final class Drains {
    private final Reactor app;
    private final List<CoreBdev> left;
    private final Duration longest;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private List<CoreBdev> level = List.of();
    private int draining;

    Drains(Reactor app, List<CoreBdev> bdevs, Duration longest) {
        this.app = app;
        this.left = new ArrayList<>(bdevs);
        this.longest = longest;
    }

    /**
     * Starts. Fails, naming the bdevs whose I/O has not ended, when the time is up.
     *
     * @param since where to note the moment from which a bdev is held
     */
    CompletionStage<Void> drain(Map<CoreBdev, Long> since) {
        Poller.Registration deadline =
                app.after(longest.toNanos(), () -> OutstandingIo.ofAll(level).thenAccept(this::tooLong));
        done.whenComplete((v, e) -> deadline.close());
        next(since);
        return done;
    }

    private void tooLong(Map<CoreBdev, OutstandingIo> out) {
        List<String> stuck = level.stream()
                .filter(bdev -> !out.getOrDefault(bdev, OutstandingIo.NONE).isNone())
                .map(bdev -> bdev.name() + " (" + out.get(bdev).words(bdev.moduleName()) + ")")
                .toList();
        done.completeExceptionally(new BdevException(
                Errno.ETIMEDOUT,
                "I/O on bdev "
                        + String.join(
                                ", ",
                                stuck.isEmpty()
                                        ? level.stream().map(CoreBdev::name).toList()
                                        : stuck)
                        + " has not ended within " + longest.toMillis() + " ms"));
    }

    private void next(Map<CoreBdev, Long> since) {
        if (done.isDone()) {
            return;
        }
        level = left.stream()
                .filter(b -> left.stream().noneMatch(other -> other != b && standsOn(other, b, new HashSet<>())))
                .toList();
        if (level.isEmpty()) {
            // what is left stands on itself, which cannot be: do not wait for an end of the circle
            level = List.copyOf(left);
        }
        left.removeAll(level);
        if (level.isEmpty()) {
            done.complete(null);
            return;
        }
        draining = level.size();
        for (CoreBdev bdev : level) {
            since.putIfAbsent(bdev, app.nowNanos());
            bdev.hold().begin(() -> {
                if (--draining == 0) {
                    next(since);
                }
            });
        }
    }

    private static boolean standsOn(CoreBdev upper, CoreBdev lower, Set<CoreBdev> seen) {
        for (String name : upper.baseNames()) {
            CoreBdev base = upper.context().names().find(name).orElse(null);
            if (base != null && (base == lower || (seen.add(base) && standsOn(base, lower, seen)))) {
                return true;
            }
        }
        return false;
    }
}
