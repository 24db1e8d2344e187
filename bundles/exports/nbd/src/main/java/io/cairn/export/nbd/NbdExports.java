package io.cairn.export.nbd;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.Bdevs;
import io.cairn.export.nbd.session.ExportCatalog;
import io.cairn.export.nbd.session.ExportTarget;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.ConfigSource;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * All exports by name. App thread, but for the {@link ExportCatalog}, which sessions read from their reactors: it is a
 * picture that is drawn anew at each change.
 */
final class NbdExports implements ExportCatalog, ConfigSource, Bdevs.BdevWatcher {
    private static final Logger LOG = System.getLogger(NbdExports.class.getName());

    private final Bdevs bdevs;
    private final Reactors reactors;
    private final Map<String, Export> exports = new LinkedHashMap<>();
    private boolean replaying;
    private volatile Map<String, ExportTarget> picture = Map.of();
    private volatile boolean shuttingDown;

    NbdExports(Bdevs bdevs, Reactors reactors) {
        this.bdevs = bdevs;
        this.reactors = reactors;
    }

    /**
     * Says whether exports are created from stored configuration: one that is refused is kept then, as it may be let in later,
     * when whoever stands in its way has gone.
     */
    void setReplaying(boolean now) {
        replaying = now;
    }

    /**
     * Creates an export, live if its bdev is there, else waiting.
     *
     * @return the name; fails with {@link BdevException}, and nothing is created then
     */
    CompletionStage<String> create(ExportDefinition definition) {
        String name = definition.name();
        if (shuttingDown) {
            throw new BdevException(Errno.ESHUTDOWN, "NBD export " + name + ": the NBD server is going down");
        }
        if (exports.containsKey(name)) {
            throw new BdevException(
                    Errno.EEXIST,
                    "NBD export " + name + " exists already, of bdev "
                            + exports.get(name).definition().bdevName());
        }
        Export export = new Export(definition, bdevs, reactors, this::draw);
        exports.put(name, export);
        return export.open().handle((opened, failure) -> {
            if (failure != null && !replaying) {
                exports.remove(name, export);
                throw asCompletion(failure);
            }
            if (failure != null) {
                LOG.log(Level.WARNING, "NBD export {0} cannot be opened yet: {1}", name, export.reason());
            }
            return name;
        });
    }

    /** Ends an export. Completes when its last session has gone. */
    CompletionStage<Void> delete(String name) {
        Export export = exports.get(name);
        if (export == null) {
            throw new BdevException(Errno.ENODEV, "there is no NBD export " + name);
        }
        return export.delete().thenRun(() -> exports.remove(name, export));
    }

    /** Returns all exports in the order of their creation. */
    Collection<Export> all() {
        return List.copyOf(exports.values());
    }

    /** Lets nobody in any more. */
    void shutDown() {
        shuttingDown = true;
    }

    /** Ends all exports, without forgetting the configuration. */
    CompletionStage<Void> endAll() {
        shuttingDown = true;
        return CompletableFuture.allOf(all().stream()
                .map(export -> export.delete().toCompletableFuture())
                .toArray(CompletableFuture[]::new));
    }

    @Override
    public void ready(Bdev bdev) {
        for (Export export : all()) {
            if (export.isOf(bdev) || export.state() == Export.State.REFUSED) {
                openAgain(export);
            }
        }
    }

    @Override
    public void gone(Bdev bdev) {
        // it may have been the one whose claim stood in the way
        for (Export export : all()) {
            if (export.state() == Export.State.REFUSED) {
                openAgain(export);
            }
        }
    }

    private void openAgain(Export export) {
        String before = export.reason();
        if (export.isDeleted() || export.state() == Export.State.LIVE) {
            return;
        }
        export.open().whenComplete((opened, failure) -> {
            if (failure != null && !export.reason().equals(before)) {
                LOG.log(
                        Level.WARNING,
                        "NBD export {0} cannot be opened: {1}",
                        export.definition().name(),
                        export.reason());
            }
        });
    }

    @Override
    public String subsystem() {
        return "nbd";
    }

    @Override
    public List<String> dependsOn() {
        return List.of("bdev");
    }

    @Override
    public String owner() {
        return "nbd";
    }

    @Override
    public List<ConfigEntry> configuration() {
        List<ConfigEntry> entries = new ArrayList<>();
        for (Export export : exports.values()) {
            if (!export.isDeleted() || shuttingDown) {
                Map<String, Object> params = new LinkedHashMap<>();
                params.put("bdev_name", export.definition().bdevName());
                params.put("export_name", export.definition().name());
                params.put("read_only", export.definition().readOnly());
                entries.add(new ConfigEntry(NbdOperations.CREATE, params));
            }
        }
        return entries;
    }

    @Override
    public List<ExportTarget> targets() {
        return List.copyOf(picture.values());
    }

    @Override
    public Optional<ExportTarget> find(String name) {
        Map<String, ExportTarget> now = picture;
        if (name.isEmpty() && now.size() == 1) {
            return Optional.of(now.values().iterator().next());
        }
        return Optional.ofNullable(now.get(name));
    }

    @Override
    public boolean shuttingDown() {
        return shuttingDown;
    }

    private void draw() {
        Map<String, ExportTarget> next = new LinkedHashMap<>();
        exports.forEach((name, export) -> export.live().ifPresent(live -> next.put(name, live)));
        picture = next;
    }

    private static CompletionException asCompletion(Throwable failure) {
        return failure instanceof CompletionException completion ? completion : new CompletionException(failure);
    }
}
