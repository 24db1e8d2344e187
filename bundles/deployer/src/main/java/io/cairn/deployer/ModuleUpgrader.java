package io.cairn.deployer;

import io.cairn.bdev.ModuleUpgrades;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.ModuleUpgrades.Report;
import io.cairn.reactor.Errno;
import io.cairn.reactor.HasErrno;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Version;

/**
 * Exchanges what the bundle of a module holds while I/O on its bdevs is held; the bundle itself stays, its version included. One upgrade
 * at a time. Blocks until it is over: not for reactors.
 */
final class ModuleUpgrader {
    private static final Logger LOG = System.getLogger(ModuleUpgrader.class.getName());

    /**
     * How long the new module may take from the stop of the old one until it has its bdevs. Twice that fits into a hold, so that the
     * old one can return also if nothing is there to be held again, which would begin the hold's time anew.
     */
    private static final Duration LONGEST_START = Duration.ofSeconds(4);

    /** The core ends every hold by itself; what takes longer than that is waited for no more. */
    private static final Duration LONGEST_ANSWER = Duration.ofSeconds(60);

    private final ModuleBundles bundles;
    private final ModuleUpgrades upgrades;
    private final ModuleBdevs bdevs;

    ModuleUpgrader(ModuleBundles bundles, ModuleUpgrades upgrades, ModuleBdevs bdevs) {
        this.bundles = bundles;
        this.upgrades = upgrades;
        this.bdevs = bdevs;
    }

    /**
     * Upgrades a module.
     *
     * @param url where the new jar is; empty: where the bundle came from, or what it holds if that is not there any more
     * @return module, from_version, to_version, outcome, runs, reason, bdevs, removed, longest_pause_ms
     * @throws RefusedException nothing was held and nothing has changed, and why
     */
    synchronized Map<String, Object> upgrade(String module, Optional<String> url) {
        Bundle bundle = bundles.of(module)
                .orElseThrow(() -> new RefusedException(Errno.ENODEV, "no bundle provides a module called " + module));
        if (bundle.getState() != Bundle.ACTIVE) {
            throw new RefusedException(
                    Errno.ENODEV, "bundle " + bundle.getSymbolicName() + " of module " + module + " is not active");
        }
        List<String> modules = ModuleBundles.modules(bundle);
        if (modules.size() != 1) {
            throw new RefusedException("module " + module + " is not upgraded: bundle " + bundle.getSymbolicName()
                    + " provides modules " + modules + ", and only a bundle of exactly one module can be upgraded");
        }
        try {
            byte[] old = BundleContent.of(bundle);
            byte[] fresh =
                    url.isPresent() ? load(module, url.get()) : reload(bundle).orElse(old);
            ModuleJar jar = check(module, bundle, fresh, url.orElse(bundle.getLocation()));
            return exchange(module, bundle, old, KeptIdentity.keptBy(bundle, fresh), jar.version());
        } catch (IOException e) {
            throw new RefusedException(Errno.EIO, "module " + module + " is not upgraded: " + e, e);
        }
    }

    private static byte[] load(String module, String url) {
        try {
            return JarSource.read(url);
        } catch (RefusedException e) {
            throw new RefusedException(e.errno(), "module " + module + " is not upgraded: " + e.getMessage(), e);
        }
    }

    private static Optional<byte[]> reload(Bundle bundle) {
        try {
            return Optional.of(JarSource.bytes(new URL(bundle.getLocation())));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private ModuleJar check(String module, Bundle bundle, byte[] content, String from) throws IOException {
        Path file = Files.createTempFile("cairn-" + module, ".jar");
        try {
            Files.copy(new java.io.ByteArrayInputStream(content), file, StandardCopyOption.REPLACE_EXISTING);
            ModuleJar jar = ModuleJar.read(file);
            if (!jar.symbolicName().equals(bundle.getSymbolicName())) {
                throw new RefusedException("it is bundle " + jar.symbolicName() + ", not " + bundle.getSymbolicName());
            }
            if (!jar.modules().equals(ModuleBundles.modules(bundle))) {
                throw new RefusedException(
                        "it provides modules " + jar.modules() + ", not " + ModuleBundles.modules(bundle));
            }
            bundles.refuseUnmetImports(jar);
            return jar;
        } catch (RefusedException e) {
            throw new RefusedException("module " + module + " is not upgraded from " + from + ": " + e.getMessage(), e);
        } finally {
            Files.delete(file);
        }
    }

    // ---- under way ----

    private Map<String, Object> exchange(String module, Bundle bundle, byte[] old, byte[] fresh, Version to) {
        Version from = KeptIdentity.versionOf(bundle);
        List<String> before = bdevs.of(module);
        Hold hold;
        try {
            hold = await(upgrades.hold(module, ModuleUpgrades.LONGEST_HOLD), LONGEST_ANSWER);
        } catch (FailedException e) {
            if (e.isOneOf(Errno.ENODEV, Errno.EBUSY, Errno.ETIMEDOUT)) {
                throw new RefusedException(e.errno(), e.getMessage(), e);
            }
            LOG.log(Level.ERROR, "module {0} {1} is started anew: {2}", module, from, e.getMessage());
            return revive(module, bundle, Optional.empty(), before, from, to, e.getMessage());
        }
        Optional<String> failure = serve(bundle, fresh, hold);
        if (failure.isEmpty()) {
            Report report = await(hold.settled(), LONGEST_ANSWER);
            LOG.log(Level.INFO, "module {0} is upgraded from {1} to {2}: {3}", module, from, to, report);
            return (report.removed().isEmpty() ? Outcome.UPGRADED : Outcome.REMOVED)
                    .tell(
                            from,
                            to,
                            true,
                            report,
                            String.join("; ", report.removed().values()));
        }
        LOG.log(Level.ERROR, "module {0} {1} is rolled back to {2}: {3}", module, to, from, failure.get());
        return rollBack(module, bundle, old, hold, from, to, failure.get());
    }

    /**
     * Starts a dead module again, by its stored configuration.
     *
     * @param content what its bundle gets; empty: what it has
     * @param before the bdevs that it had
     */
    private Map<String, Object> revive(
            String module,
            Bundle bundle,
            Optional<byte[]> content,
            List<String> before,
            Version from,
            Version to,
            String reason) {
        String all = reason;
        Map<String, String> removed = new LinkedHashMap<>();
        before.forEach(bdev -> removed.put(bdev, reason));
        try {
            bundle.stop(Bundle.STOP_TRANSIENT);
            // their names must be free before the module makes them again
            bdevs.awaitGone(before, LONGEST_ANSWER);
        } catch (BundleException | IllegalStateException e) {
            all += "; then: " + e.getMessage();
            LOG.log(Level.ERROR, "module " + module + " has not left in order", e);
        }
        try {
            if (content.isPresent()) {
                bundles.exchange(bundle, content.get());
            } else {
                bundle.start(Bundle.START_TRANSIENT);
            }
        } catch (BundleException e) {
            all += "; and it does not start again: " + e.getMessage();
            LOG.log(Level.ERROR, "module " + module + " does not start again", e);
        }
        Report report = new Report(module, bdevs.of(module), Map.of(), removed, Optional.of(all), Duration.ZERO);
        return Outcome.REMOVED.tell(from, to, false, report, all);
    }

    /** Lets some content serve what is held; returns why it does not, if so. */
    private Optional<String> serve(Bundle bundle, byte[] content, Hold hold) {
        try (ServiceErrors errors = new ServiceErrors(bundles.context(), bundle)) {
            long since = System.nanoTime();
            bundles.exchange(bundle, content);
            errors.started();
            CompletableFuture<Report> settled = hold.settled().toCompletableFuture();
            await(
                    CompletableFuture.anyOf(settled, errors.first()),
                    LONGEST_START.minusNanos(System.nanoTime() - since));
            if (!settled.isDone()) {
                return Optional.of("the module's service cannot be had: "
                        + errors.first().join().getMessage());
            }
            Report report = settled.join();
            if (report.failure().isPresent()) {
                return report.failure();
            }
            return report.held().isEmpty()
                    ? Optional.empty()
                    : Optional.of(String.join(
                            "; ",
                            report.held().entrySet().stream()
                                    .map(e -> e.getKey() + ": " + e.getValue())
                                    .toList()));
        } catch (BundleException e) {
            return Optional.of("bundle " + bundle.getSymbolicName() + " does not start: " + e.getMessage());
        } catch (FailedException e) {
            return Optional.of(e.getMessage());
        }
    }

    private Map<String, Object> rollBack(
            String module, Bundle bundle, byte[] old, Hold hold, Version from, Version to, String reason) {
        List<String> before = bdevs.of(module);
        try {
            // what the new module serves already is held again; until that has ended, its bundle must not be stopped
            await(upgrades.hold(module, ModuleUpgrades.LONGEST_HOLD), LONGEST_ANSWER);
        } catch (FailedException e) {
            if (!e.isOneOf(Errno.ENODEV)) {
                return noWayBack(module, bundle, old, hold, before, from, to, reason, e);
            }
            LOG.log(Level.DEBUG, "module {0} is not there to be held again: {1}", module, e.getMessage());
        }
        Optional<String> again = serve(bundle, old, hold);
        Report report =
                again.isEmpty() ? await(hold.settled(), LONGEST_ANSWER) : await(hold.giveUp(reason), LONGEST_ANSWER);
        if (again.isEmpty() && report.removed().isEmpty()) {
            return Outcome.ROLLED_BACK.tell(from, to, false, report, reason);
        }
        return Outcome.REMOVED.tell(
                from,
                to,
                false,
                report,
                reason + again.map(why -> "; and back: " + why).orElse(""));
    }

    /**
     * The new module cannot be parted from the bdevs that it serves: stopping it would remove them. It goes on with those, and what it has
     * not taken over is removed; if it is dead, the old one starts anew.
     */
    private Map<String, Object> noWayBack(
            String module,
            Bundle bundle,
            byte[] old,
            Hold hold,
            List<String> before,
            Version from,
            Version to,
            String reason,
            FailedException why) {
        if (why.isOneOf(Errno.EIO)) {
            return revive(
                    module, bundle, Optional.of(old), before, from, to, reason + "; and back: " + why.getMessage());
        }
        String all = reason + "; there is no way back, and version " + to + " goes on: " + why.getMessage();
        LOG.log(Level.ERROR, "module {0}: {1}", module, all);
        Report report = await(hold.giveUp(all), LONGEST_ANSWER);
        return (report.removed().isEmpty() ? Outcome.UPGRADED : Outcome.REMOVED).tell(from, to, true, report, all);
    }

    /** An answer that is a failure, or does not come. */
    private static final class FailedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        FailedException(String message, Throwable cause) {
            super(message, cause);
        }

        Errno errno() {
            return getCause() instanceof HasErrno failure ? failure.errno() : Errno.EIO;
        }

        boolean isOneOf(Errno... errnos) {
            return getCause() instanceof HasErrno && List.of(errnos).contains(errno());
        }
    }

    private static <T> T await(CompletionStage<T> stage, Duration longest) {
        try {
            return stage.toCompletableFuture().get(longest.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            // dependent stages wrap what failed
            while (cause instanceof CompletionException && cause.getCause() != null) {
                cause = cause.getCause();
            }
            throw new FailedException(String.valueOf(cause.getMessage()), cause);
        } catch (TimeoutException e) {
            throw new FailedException("it has not answered within " + longest.toMillis() + " ms", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FailedException("interrupted", e);
        }
    }
}
