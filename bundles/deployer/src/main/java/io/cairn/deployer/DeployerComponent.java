package io.cairn.deployer;

import io.cairn.bdev.Bdevs;
import io.cairn.bdev.ModuleRefusals;
import io.cairn.bdev.ModuleUpgrades;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.ConfigSource;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationRegistry;
import io.cairn.operations.Param;
import io.cairn.reactor.Reactors;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.felix.fileinstall.ArtifactInstaller;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Offers the upgrade of modules as an operation and through the deploy folder. The work is done on a thread of its own. */
@Component(
        service = {},
        immediate = true)
public final class DeployerComponent implements ConfigSource {
    private final Reactors reactors;
    private final UpgradeCalls calls;
    private final ExecutorService worker;
    private final ServiceRegistration<ArtifactInstaller> folder;
    private OperationRegistry.Registration operations;
    private boolean closed;

    /** Parameters of {@code bdev_upgrade_module}. */
    record Upgrade(
            @Param("Name of the module.") String name,
            @Param(
                            "URL or path of the new jar. Without it the place that the module's bundle was installed from is read again, also after an upgrade from elsewhere.")
                    Optional<String> url) {}

    /** Offers the operation and follows the deploy folder. */
    @Activate
    public DeployerComponent(
            @Reference Reactors reactors,
            @Reference OperationRegistry registry,
            @Reference ModuleUpgrades upgrades,
            @Reference ModuleRefusals refusals,
            @Reference Bdevs bdevs,
            BundleContext context) {
        this.reactors = reactors;
        ModuleBundles bundles = new ModuleBundles(context);
        ModuleUpgrader upgrader = new ModuleUpgrader(bundles, upgrades, ModuleBdevs.in(bdevs));
        worker = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "cairn-deployer");
            thread.setDaemon(true);
            return thread;
        });
        calls = new UpgradeCalls(reactors.app(), worker, upgrader::upgrade);
        folder = context.registerService(
                ArtifactInstaller.class,
                new ReportingFolder(new DeployFolder(context, bundles, upgrader), refusals),
                // before File Install's own handling of bundles
                FrameworkUtil.asDictionary(Map.of(Constants.SERVICE_RANKING, 100)));
        reactors.app().execute(() -> offer(registry));
    }

    private void offer(OperationRegistry registry) {
        if (closed) {
            return;
        }
        operations = registry.offer(
                List.of(Operation.named("bdev_upgrade_module", Upgrade.class)
                        .describedAs(
                                "Exchanges a module while I/O on its bdevs is held, not failed (Cairn's own). A module that "
                                        + "cannot go on with them is rolled back.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .answering(
                                "{\"module\", \"from_version\", \"to_version\", \"outcome\": upgraded | rolled_back | removed, \"runs\": new | old, "
                                        + "\"reason\", \"bdevs\": those that are served, \"removed\": {bdev: why}, \"longest_pause_ms\"}")
                        .example("{\"name\": \"malloc\"}")
                        .handledBy(p -> calls.call(p.name(), p.url()))),
                this);
    }

    /** Takes the operation back and lets the deploy folder be; an upgrade that is under way ends. */
    @Deactivate
    public void close() {
        folder.unregister();
        reactors.app().execute(() -> {
            closed = true;
            if (operations != null) {
                operations.close();
            }
        });
        worker.shutdown();
    }

    @Override
    public String subsystem() {
        return "bdev";
    }

    @Override
    public String owner() {
        return "deployer";
    }

    @Override
    public List<ConfigEntry> configuration() {
        return List.of();
    }
}
