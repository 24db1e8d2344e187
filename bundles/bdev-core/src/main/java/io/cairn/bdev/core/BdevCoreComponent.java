package io.cairn.bdev.core;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.Bdevs;
import io.cairn.bdev.ModuleRefusals;
import io.cairn.bdev.ModuleUpgrades;
import io.cairn.bdev.Notification;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.operations.OperationRegistry;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/**
 * The core as a service. Modules are bound as they come; binding and unbinding wait until the module is here, or gone, so that a bundle's
 * start and stop return when that is true.
 */
@Component(
        service = {Bdevs.class, ModuleUpgrades.class, ModuleRefusals.class},
        immediate = true)
public final class BdevCoreComponent implements Bdevs, ModuleUpgrades, ModuleRefusals {
    private static final Logger LOG = System.getLogger(BdevCoreComponent.class.getName());

    private final BdevCore core;
    private final OperationRegistry registry;
    private final CoreOptions options = CoreOptions.DEFAULTS;

    /** Starts the core. */
    @Activate
    public BdevCoreComponent(
            BundleContext context, @Reference Reactors reactors, @Reference OperationRegistry registry) {
        this.registry = registry;
        core = new BdevCore(reactors, registry, options, new DeployedModules(context));
    }

    /** A module has come. */
    @Reference(
            service = BdevModule.class,
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC)
    public void bindModule(BdevModule module, ServiceReference<BdevModule> reference) {
        CompletionStage<Void> here =
                core.add(module, Optional.ofNullable(reference.getBundle()).map(DeployedModules::origin));
        if (registry.isStartup()) {
            // it is here when somebody ends the startup state, by RPC: the boot must go on to the bundle that listens
            // for that
            here.whenComplete((nothing, failure) -> {
                if (failure != null) {
                    LOG.log(Level.ERROR, "module " + module.name() + " has not started", failure);
                }
            });
        } else {
            await("module " + module.name() + " to start", here);
        }
    }

    /** A module leaves, and its class loader with it. */
    public void unbindModule(BdevModule module) {
        await("module " + module.name() + " to leave", core.remove(module));
        RecordMethods.linkOwn();
    }

    /** Ends the core, top-down. */
    @Deactivate
    public void close() {
        await("the bdev layer to end", core.close());
    }

    @Override
    public CompletionStage<Hold> hold(String module, Duration longest) {
        return core.hold(module, longest);
    }

    @Override
    public void refused(String source, String reason) {
        core.refused(source, reason);
    }

    @Override
    public void forget(String source) {
        core.forget(source);
    }

    private void await(String what, CompletionStage<Void> stage) {
        Duration longest =
                options.removalDeadline().plus(options.destructDeadline()).plus(options.examineDeadline());
        try {
            stage.toCompletableFuture().get(longest.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            LOG.log(Level.ERROR, "waiting for " + what + " failed", e.getCause());
        } catch (TimeoutException e) {
            LOG.log(Level.ERROR, "waited " + longest + " for " + what + ": it goes on by itself");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public CompletionStage<Optional<Bdev>> find(String name) {
        return core.find(name);
    }

    @Override
    public CompletionStage<List<Bdev>> list() {
        return core.list();
    }

    @Override
    public CompletionStage<BdevDescriptor> open(String name, OpenMode mode, String holder, BdevEventListener listener) {
        return core.open(name, mode, holder, listener);
    }

    @Override
    public CompletionStage<Void> waitForExamine(Duration timeout) {
        return core.waitForExamine(timeout);
    }

    @Override
    public CompletionStage<Watch> watch(BdevWatcher watcher) {
        return core.watch(watcher);
    }

    @Override
    public CompletionStage<Watch> watchNotifications(Consumer<Notification> listener) {
        return core.watchNotifications(listener);
    }
}
