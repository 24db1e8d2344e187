package io.cairn.bdev.core;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.ModuleUpgrades;
import io.cairn.bdev.ModuleUpgrades.Report;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.operations.PendingEntry;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * One live upgrade of a module: its bdevs are held, without a module behind them, until a module of that name registers them again
 * or the time is up. App thread.
 *
 * <p>Holding: from the top of the stack down, new I/O lines up in the core and what is under way ends; up to here it can be
 * called off. Then the module's channels are closed, it hands over what must survive, and its backends are taken down, again from
 * the top. From then on nothing here or in the bdevs knows the old module's objects.
 */
final class Upgrade implements ModuleUpgrades.Hold {
    private static final Logger LOG = System.getLogger(Upgrade.class.getName());

    private final CoreContext context;
    private final String module;
    private final Runnable ended;
    private final HandOver handedOver = new HandOver();
    private final Map<CoreBdev, Long> held = new LinkedHashMap<>();
    private final Map<String, String> failures = new LinkedHashMap<>();
    private final Map<String, String> removed = new LinkedHashMap<>();
    private final List<String> adopted = new ArrayList<>();
    private final CompletableFuture<Report> over = new CompletableFuture<>();
    private CompletableFuture<Report> settled = new CompletableFuture<>();
    private final Duration longest;
    private Poller.Registration deadline = () -> {};
    private long longestNanos;
    private int adopting;
    private boolean configured;
    private boolean replayed;
    private List<CoreBdev> draining = List.of();
    private boolean holding;
    /** Whether the first module has let go. */
    private boolean parted;
    /** Whether no module is waited for any more. */
    private boolean expired;

    private Optional<String> moduleFailure = Optional.empty();
    /** What failed when the new module's stored configuration was replayed. */
    private List<PendingEntry> failedEntries = List.of();

    /**
     * Begins an upgrade; nothing is held yet.
     *
     * @param longest how long bdevs wait for a module at most, from the moment that they have none
     * @param ended told once, when nothing is held any more
     */
    Upgrade(CoreContext context, String module, Duration longest, Runnable ended) {
        this.context = context;
        this.module = module;
        this.ended = ended;
        this.longest = longest;
    }

    private void armDeadline() {
        deadline.close();
        deadline = app().after(
                        longest.toNanos(),
                        () -> removeHeld("it was held for " + longest.toMillis() + " ms and nobody has taken it over"));
    }

    /** Returns whether it cannot be held again just now: a hold or a take-over is under way. */
    boolean isBusy() {
        return holding || adopting > 0;
    }

    private Reactor app() {
        return context.reactors().app();
    }

    @Override
    public String module() {
        return module;
    }

    HandOver handedOver() {
        return handedOver;
    }

    // ---- holding ----

    /**
     * Holds all bdevs of a module, in addition to what is held already.
     *
     * @param longestDrain how long I/O under way may take to end
     * @param parted told when the bdevs have been separated from the module
     * @return completes when they are held and the module can be ended. Fails with ETIMEDOUT if I/O under way does not end: nothing
     *     is held then; or with EIO if the module failed to hand over: its bdevs are removed then
     */
    CompletionStage<Void> hold(ModuleHost host, Duration longestDrain, Runnable parted) {
        holding = true;
        deadline.close();
        boolean replayedBefore = replayed;
        boolean configuredBefore = configured;
        replayed = false;
        configured = false;
        settled = new CompletableFuture<>();
        List<CoreBdev> all = new ArrayList<>();
        draining = all;
        return drain(host, longestDrain, all)
                .handle((v, failure) -> {
                    if (failure != null) {
                        replayed = replayedBefore;
                        configured = configuredBefore;
                        calledOff(all);
                        throw new BdevException(
                                Errno.ETIMEDOUT, "module " + module + " is not upgraded: " + reason(failure));
                    }
                    return host;
                })
                .thenCompose(h -> takeFrom(h, parted));
    }

    private static String reason(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause.getMessage();
    }

    /** Drains what the module has, and what it has registered meanwhile. */
    private CompletionStage<Void> drain(ModuleHost host, Duration longest, List<CoreBdev> all) {
        List<CoreBdev> bdevs = host.bdevs().stream()
                .filter(b -> !b.isLeaving() && !all.contains(b))
                .toList();
        if (bdevs.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        for (CoreBdev bdev : bdevs) {
            failures.remove(bdev.name());
            adopted.remove(bdev.name());
        }
        all.addAll(bdevs);
        return new Drains(app(), bdevs, longest).drain(held).thenCompose(v -> drain(host, longest, all));
    }

    private void calledOff(List<CoreBdev> bdevs) {
        for (CoreBdev bdev : bdevs) {
            held.remove(bdev);
            bdev.hold().callOff();
        }
        holding = false;
        draining = List.of();
        armDeadline();
        endIfOver();
    }

    /** Separates the bdevs from their module. */
    private CompletionStage<Void> takeFrom(ModuleHost host, Runnable told) {
        List<CoreBdev> topDown = new ArrayList<>();
        for (CoreBdev bdev : host.bdevs()) {
            if (bdev.hold().isOn() && !bdev.isLeaving()) {
                topDown.add(0, bdev);
            } else if (bdev.hold().isOn()) {
                held.remove(bdev);
            }
        }
        List<BdevBackend> backends = new ArrayList<>();
        for (CoreBdev bdev : topDown) {
            bdev.hold().closeBases();
            backends.add(bdev.detach());
            host.bdevGone(bdev);
        }
        host.handingOver();
        draining = List.of();
        parted = true;
        told.run();
        CompletionStage<Void> closed = CompletableFuture.completedFuture(null);
        for (CoreBdev bdev : topDown) {
            closed = closed.thenCompose(v -> bdev.hold().closeBackendChannels());
        }
        return closed.thenCompose(v -> {
            Optional<String> refused = handedOver.take(host);
            CompletionStage<Void> down = destruct(topDown, backends);
            return down.thenRun(() -> {
                holding = false;
                host.handedAllOver();
                armDeadline();
                LOG.log(Level.INFO, "module {0} is being upgraded: {1} bdevs are held", module, held.size());
                if (refused.isPresent()) {
                    removeHeld(refused.get());
                    throw new BdevException(Errno.EIO, refused.get());
                }
                endIfOver();
            });
        });
    }

    private CompletionStage<Void> destruct(List<CoreBdev> bdevs, List<BdevBackend> backends) {
        CompletionStage<Void> down = CompletableFuture.completedFuture(null);
        for (int i = 0; i < backends.size(); i++) {
            CoreBdev bdev = bdevs.get(i);
            BdevBackend backend = backends.get(i);
            down = down.thenCompose(v -> bdev.hold().destruct(backend));
        }
        return down;
    }

    // ---- the new module ----

    /** Returns whether a bdev waits for a module of a name. */
    static boolean waitsFor(CoreBdev bdev, String moduleName) {
        return bdev.module() == null && bdev.moduleName().equals(moduleName) && !bdev.isLeaving();
    }

    /** A module of the name starts: what was settled with the one before it does not count. */
    void arriving() {
        replayed = false;
        configured = false;
        moduleFailure = Optional.empty();
        failedEntries = List.of();
        failures.clear();
        if (settled.isDone()) {
            settled = new CompletableFuture<>();
        }
    }

    /** A held bdev's module registers it: the attempt has begun. */
    void adopting() {
        adopting++;
    }

    /** It has its module again. */
    void adopted(CoreBdev bdev) {
        adopting--;
        Long since = held.remove(bdev);
        if (since != null) {
            longestNanos = Math.max(longestNanos, app().nowNanos() - since);
        }
        failures.remove(bdev.name());
        adopted.add(bdev.name());
        LOG.log(Level.INFO, "bdev {0} is served by the new module {1}", bdev.name(), module);
        endIfOver();
    }

    /** The attempt to adopt a bdev has failed; it goes on waiting. */
    void adoptionFailed(CoreBdev bdev, String why) {
        adopting--;
        failed(bdev.name(), why);
        endIfOver();
    }

    void failed(String bdev, String why) {
        failures.put(bdev, why);
        LOG.log(Level.ERROR, "bdev {0}, held by the upgrade of module {1}, is not taken over: {2}", bdev, module, why);
    }

    /** A held bdev is removed: it is nobody's any more. */
    void gone(CoreBdev bdev) {
        if (held.remove(bdev) != null) {
            removed.putIfAbsent(bdev.name(), failures.getOrDefault(bdev.name(), "it was removed while it was held"));
            failures.remove(bdev.name());
            endIfOver();
        }
    }

    /**
     * The new module's stored configuration has been replayed: if that brought everything back, nothing else is waited for.
     *
     * @param failed the entries of it that failed
     */
    void configured(List<PendingEntry> failed) {
        configured = true;
        failedEntries = failed;
        endIfOver();
    }

    /** The new module's stored configuration has been replayed, and what it built on has been examined; or it has not started. */
    void replayed(String failure) {
        replayed = true;
        if (failure != null) {
            moduleFailure = Optional.of(failure);
            held.keySet().forEach(b -> failed(b.name(), failure));
        }
        endIfOver();
    }

    private void settleIfDone() {
        boolean nothingMore = replayed || (configured && held.isEmpty());
        if (nothingMore && adopting == 0 && !holding) {
            for (CoreBdev bdev : held.keySet()) {
                failures.putIfAbsent(bdev.name(), "the new module has not registered it" + whyNotRegistered(bdev));
            }
            settled.complete(snapshot());
        }
    }

    /** What went wrong with the stored entry that makes a bdev, or on its base, as the end of a sentence; "" if nothing is known. */
    private String whyNotRegistered(CoreBdev bdev) {
        return failedEntries.stream()
                .filter(failed -> Why.makes(failed.entry().params(), bdev.name()))
                .findFirst()
                .map(failed -> ": " + failed.entry().method() + " "
                        + failed.entry().params() + " of the stored configuration failed: " + failed.reason())
                .or(() -> context.names()
                        .keeper(bdev.name())
                        .filter(kept -> !kept.waiting().why().isEmpty())
                        .map(kept -> ": " + kept.holder() + " was not built: "
                                + kept.waiting().why()))
                .orElse("");
    }

    private void endIfOver() {
        settleIfDone();
        boolean nothingUnderWay = held.isEmpty() && !holding && adopting == 0;
        boolean served = (replayed || configured) && moduleFailure.isEmpty();
        if (nothingUnderWay && (served || expired || !parted) && !over.isDone()) {
            deadline.close();
            handedOver.free();
            ended.run();
            Report report = snapshot();
            settled.complete(report);
            over.complete(report);
        }
    }

    /** Returns the names of the bdevs that are held. */
    List<String> heldNames() {
        return held.keySet().stream().map(CoreBdev::name).toList();
    }

    /** Returns how long a bdev has been held; empty if it is not. */
    Optional<Duration> heldFor(CoreBdev bdev) {
        return Optional.ofNullable(held.get(bdev)).map(since -> Duration.ofNanos(app().nowNanos() - since));
    }

    /** Returns why a bdev is not taken over; "" if nothing has gone wrong. */
    String failure(String bdev) {
        return failures.getOrDefault(bdev, "");
    }

    private Report snapshot() {
        Map<String, String> waiting = new LinkedHashMap<>();
        held.keySet().forEach(b -> waiting.put(b.name(), failures.getOrDefault(b.name(), "")));
        return new Report(
                module,
                List.copyOf(adopted),
                waiting,
                Map.copyOf(removed),
                moduleFailure,
                Duration.ofNanos(longestNanos));
    }

    // ---- what the deployer sees ----

    @Override
    public CompletionStage<Report> settled() {
        return context.reactors().onApp(() -> settled.thenApply(then -> snapshot()));
    }

    @Override
    public CompletionStage<Report> over() {
        return over;
    }

    @Override
    public CompletionStage<Report> giveUp(String why) {
        return context.reactors().onApp(() -> {
            removeHeld(why);
            return over;
        });
    }

    private void removeHeld(String why) {
        expired = true;
        for (CoreBdev bdev : List.copyOf(held.keySet())) {
            if (draining.contains(bdev)) {
                // its module serves it still: it is parted from it or called off
                continue;
            }
            String reason = failures.getOrDefault(bdev.name(), why);
            removed.put(bdev.name(), reason);
            LOG.log(
                    Level.ERROR,
                    "bdev {0}, held by the upgrade of module {1}, is removed: {2}",
                    bdev.name(),
                    module,
                    reason);
            bdev.removal().start();
        }
        endIfOver();
    }
}
