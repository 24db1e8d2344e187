package io.cairn.deployer;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.Bdevs;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** The bdevs of modules, for what no hold tells. Everything blocks: not for reactors. */
interface ModuleBdevs {
    /** Returns the names of a module's bdevs, also of those that are held or on their way out. */
    List<String> of(String module);

    /** Waits until bdevs are gone; no longer than some time. */
    void awaitGone(Collection<String> names, Duration longest);

    /** Makes those of a core. */
    static ModuleBdevs in(Bdevs bdevs) {
        return new OfCore(bdevs);
    }

    /** Asks the core. */
    record OfCore(Bdevs bdevs) implements ModuleBdevs {
        private static final Duration LONGEST_ANSWER = Duration.ofSeconds(10);

        @Override
        public List<String> of(String module) {
            return list().stream()
                    .filter(bdev -> bdev.moduleName().equals(module))
                    .map(Bdev::name)
                    .toList();
        }

        private List<Bdev> list() {
            return get(bdevs.list().toCompletableFuture(), LONGEST_ANSWER);
        }

        @Override
        public void awaitGone(Collection<String> names, Duration longest) {
            Set<String> left = ConcurrentHashMap.newKeySet();
            left.addAll(names);
            CompletableFuture<Void> gone = new CompletableFuture<>();
            Bdevs.BdevWatcher watcher = new Bdevs.BdevWatcher() {
                @Override
                public void ready(Bdev bdev) {
                    // nobody waits for that
                }

                @Override
                public void gone(Bdev bdev) {
                    left.remove(bdev.name());
                    if (left.isEmpty()) {
                        gone.complete(null);
                    }
                }
            };
            Bdevs.Watch watch = get(bdevs.watch(watcher).toCompletableFuture(), LONGEST_ANSWER);
            try {
                // what went before the watch began
                left.retainAll(list().stream().map(Bdev::name).toList());
                if (!left.isEmpty()) {
                    get(gone, longest, () -> "bdevs " + String.join(", ", new TreeSet<>(left)) + " are not gone");
                }
            } finally {
                watch.close();
            }
        }

        private static <T> T get(CompletableFuture<T> answer, Duration longest) {
            return get(answer, longest, () -> "the core has not said which bdevs there are");
        }

        private static <T> T get(CompletableFuture<T> answer, Duration longest, Supplier<String> inVain) {
            try {
                return answer.get(longest.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                throw new IllegalStateException(
                        inVain.get()
                                + (e instanceof TimeoutException ? " after " + longest.toMillis() + " ms" : ": " + e),
                        e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
        }
    }
}
