package io.cairn.bdev.core;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.Claim;
import io.cairn.bdev.IoType;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Examine: asks modules about bdevs. App thread.
 *
 * <p>A <i>wave</i> asks some modules about one bdev: first each one's configuration phase, then, one after another by priority, the
 * disk phase of those that the claims leave: with no claim all of them (until one claims), with an exclusive claim the claiming module,
 * with v2 claims each claiming module. Waves of one bdev run one after another.
 */
final class Examinations {
    private static final Logger LOG = System.getLogger(Examinations.class.getName());

    private final Reactors reactors;
    private final Supplier<CoreOptions> options;
    private final Supplier<Iterable<ModuleHost>> modules;
    private final Set<String> allowList = new LinkedHashSet<>();
    private final Set<Wave> waves = new LinkedHashSet<>();
    private final Map<CoreBdev, Wave> current = new HashMap<>();
    private final Set<Object> otherWork = new LinkedHashSet<>();
    private final List<CompletableFuture<Void>> waiting = new ArrayList<>();

    Examinations(Reactors reactors, Supplier<CoreOptions> options, Supplier<Iterable<ModuleHost>> modules) {
        this.reactors = reactors;
        this.options = options;
        this.modules = modules;
    }

    // ---- what is eligible ----

    /** Returns the names that are examined when automatic examine is off, in the order added. */
    Set<String> allowList() {
        return allowList;
    }

    boolean isEligible(CoreBdev bdev) {
        if (bdev.isLeaving() || !bdev.isNative(IoType.READ)) {
            return false;
        }
        return options.get().autoExamine()
                || allowList.contains(bdev.name())
                || bdev.aliases().stream().anyMatch(allowList::contains);
    }

    // ---- waves ----

    /** Asks all modules about a bdev that is new, or newly allowed. */
    CompletionStage<Void> examine(CoreBdev bdev) {
        List<ModuleHost> all = new ArrayList<>();
        modules.get().forEach(all::add);
        return examine(bdev, all);
    }

    /** Asks one module about a bdev: the module is new. */
    CompletionStage<Void> examine(CoreBdev bdev, ModuleHost module) {
        return examine(bdev, List.of(module));
    }

    private CompletionStage<Void> examine(CoreBdev bdev, List<ModuleHost> asked) {
        if (!isEligible(bdev)) {
            restore(bdev, asked);
            return CompletableFuture.completedFuture(null);
        }
        Wave wave = new Wave(bdev, asked);
        waves.add(wave);
        Wave before = current.get(bdev);
        if (before == null) {
            current.put(bdev, wave);
            wave.start();
        } else {
            before.next.add(wave);
        }
        return wave.done;
    }

    /** What stood on the bdev comes back without examine: it was asked for by name, and nothing is looked for on the disk. */
    private void restore(CoreBdev bdev, List<ModuleHost> asked) {
        for (ModuleHost module : asked) {
            if (!bdev.isLeaving() && module.isPresent()) {
                module.contain(
                        "restore on " + bdev.name(), () -> module.module().restore(bdev));
            }
        }
    }

    /** Completes when no disk phase is under way on the bdev: a creation on top of it waits for that. */
    CompletionStage<Void> settled(CoreBdev bdev) {
        Wave wave = current.get(bdev);
        return wave == null ? CompletableFuture.completedFuture(null) : wave.done.thenCompose(v -> settled(bdev));
    }

    /** Refuses a claim while another module is reading what is on the bdev. */
    void refuseWhileExamined(CoreBdev bdev, String module) {
        Wave wave = current.get(bdev);
        if (wave != null && wave.examining != null && !wave.examining.name().equals(module)) {
            throw new BdevException(
                    Errno.EBUSY,
                    "module " + module + " cannot claim bdev " + bdev.name() + ": module " + wave.examining.name()
                            + " is examining it");
        }
    }

    /** Something that {@code wait_for_examine} waits for as well: a module's start. */
    void begin(Object work) {
        otherWork.add(work);
    }

    void end(Object work) {
        otherWork.remove(work);
        tellWaiting();
    }

    /** Completes when nothing is under way. */
    CompletionStage<Void> whenIdle(Duration timeout) {
        CompletableFuture<Void> idle = new CompletableFuture<>();
        waiting.add(idle);
        if (!timeout.isZero()) {
            Poller.Registration timer = reactors.app().after(timeout.toNanos(), () -> {
                idle.completeExceptionally(new BdevException(Errno.ETIMEDOUT, "still examining: " + pending()));
                waiting.removeIf(CompletableFuture::isDone);
            });
            idle.whenComplete((v, e) -> timer.close());
        }
        tellWaiting();
        return idle;
    }

    /** Returns what is under way, for people. */
    List<String> pending() {
        List<String> all = new ArrayList<>();
        waves.forEach(w -> all.add(w.toString()));
        otherWork.forEach(w -> all.add(w.toString()));
        return all;
    }

    /** An examination with I/O that is under way. */
    record UnderWay(CoreBdev bdev, ModuleHost module, Duration since) {}

    /** Returns the disk phases that are under way, the oldest first. */
    List<UnderWay> underWay() {
        long now = reactors.app().clockNanos();
        return waves.stream()
                .filter(wave -> wave.examining != null)
                .map(wave -> new UnderWay(wave.bdev, wave.examining, Duration.ofNanos(now - wave.begunNanos)))
                .toList();
    }

    private void tellWaiting() {
        if (waves.isEmpty() && otherWork.isEmpty()) {
            List<CompletableFuture<Void>> all = List.copyOf(waiting);
            waiting.clear();
            all.forEach(f -> f.complete(null));
        }
    }

    private void ended(Wave wave) {
        waves.remove(wave);
        Wave next = wave.next.poll();
        if (next == null) {
            current.remove(wave.bdev);
        } else {
            next.next.addAll(wave.next);
            current.put(wave.bdev, next);
        }
        wave.done.complete(null);
        if (next != null) {
            next.start();
        }
        tellWaiting();
    }

    private final class Wave {
        private final CoreBdev bdev;
        private final List<ModuleHost> asked;
        private final ArrayDeque<Wave> next = new ArrayDeque<>();
        private final ArrayDeque<ModuleHost> disks = new ArrayDeque<>();
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private ModuleHost examining;
        private long begunNanos;

        Wave(CoreBdev bdev, List<ModuleHost> asked) {
            this.bdev = bdev;
            this.asked = asked;
        }

        void start() {
            for (ModuleHost module : asked) {
                if (isEligible(bdev) && module.isPresent()) {
                    module.contain("examineConfig of " + bdev.name(), () -> module.module()
                            .examineConfig(bdev));
                }
            }
            // asked once each: a sort that asks again may be told something else
            Map<ModuleHost, Integer> places = new HashMap<>();
            for (ModuleHost module : asked) {
                if (module.isPresent() && module.examinesDisk()) {
                    places.put(module, module.examinePriority());
                }
            }
            places.keySet().stream()
                    .sorted(Comparator.<ModuleHost>comparingInt(places::get).thenComparing(ModuleHost::name))
                    .forEach(disks::add);
            step();
        }

        private void step() {
            ModuleHost module;
            while ((module = disks.poll()) != null) {
                if (isEligible(bdev) && module.isPresent() && mayExamine(module)) {
                    begin(module);
                    return;
                }
            }
            examining = null;
            ended(this);
        }

        private boolean mayExamine(ModuleHost module) {
            List<Claim> claims = bdev.claims();
            if (!bdev.claimTable().isOpenFor(module.name())) {
                return false;
            }
            return claims.isEmpty() || claims.stream().anyMatch(c -> c.module().equals(module.name()));
        }

        private void begin(ModuleHost module) {
            examining = module;
            begunNanos = reactors.app().clockNanos();
            OneExamination examination = new OneExamination(this, module);
            if (!module.contain(
                    "examineDisk of " + bdev.name(), () -> module.module().examineDisk(bdev, examination::done))) {
                examination.done();
            }
        }

        @Override
        public String toString() {
            return "bdev " + bdev.name() + (examining == null ? "" : " by module " + examining.name());
        }
    }

    /** One module's disk phase: ends exactly once, by the module, by its departure or by the deadline. */
    private final class OneExamination {
        private final Wave wave;
        private final ModuleHost module;
        private final Poller.Registration deadline;
        private final Runnable leave = this::leave;
        private boolean over;
        /** Whether the module has left meanwhile, and has not said yet that it has ended the examination. */
        private boolean left;

        OneExamination(Wave wave, ModuleHost module) {
            this.wave = wave;
            this.module = module;
            this.deadline = reactors.app().after(options.get().examineDeadline().toNanos(), this::tooLong);
            module.examining(leave);
        }

        void done() {
            if (reactors.app().isCurrent()) {
                doneOnApp();
            } else {
                reactors.app().execute(this::doneOnApp);
            }
        }

        private void doneOnApp() {
            if (left) {
                // what it had under way has ended after it: that is how it should be
                left = false;
                return;
            }
            if (over) {
                LOG.log(
                        Level.ERROR,
                        "module {0} ended its examination of bdev {1} twice or too late",
                        module.name(),
                        wave.bdev.name());
                module.countDefect();
                return;
            }
            finish();
        }

        private void tooLong() {
            LOG.log(
                    Level.ERROR,
                    "module {0} has not ended its examination of bdev {1} within {2}: it is not waited for any more",
                    module.name(),
                    wave.bdev.name(),
                    options.get().examineDeadline());
            module.countDefect();
            finish();
        }

        /** The module leaves: it is not waited for, and has done nothing wrong. */
        private void leave() {
            left = !over;
            finish();
        }

        private void finish() {
            if (!over) {
                over = true;
                deadline.close();
                module.examined(leave);
                // not from inside the module's call: its own work on the bdev comes first
                reactors.app().execute(wave::step);
            }
        }
    }
}
