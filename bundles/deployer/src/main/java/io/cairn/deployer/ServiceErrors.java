package io.cairn.deployer;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.framework.ServiceException;
import org.osgi.framework.ServiceReference;

/**
 * Sees that the module of a bundle could not be had. A bundle whose classes do not link starts all the same; its module never comes, and
 * nobody has to wait for it when the framework has said why.
 *
 * <p>The framework's event names the bundle that asked for a service, not the one that failed to give it. So what tells is whether the one
 * that asked has the module of this bundle: it asks while the bundle starts, and if it has it not afterwards, it was this one.
 */
final class ServiceErrors implements FrameworkListener, AutoCloseable {
    /** By name: the deployer itself does nothing with modules. */
    static final String MODULE = "io.cairn.bdev.spi.BdevModule";

    private final BundleContext context;
    private final Bundle bundle;
    private final CompletableFuture<Throwable> first = new CompletableFuture<>();
    private final List<FrameworkEvent> early = new ArrayList<>();
    private boolean started;

    ServiceErrors(BundleContext context, Bundle bundle) {
        this.context = context;
        this.bundle = bundle;
        context.addFrameworkListener(this);
    }

    /** Completes with the first one. */
    CompletableFuture<Throwable> first() {
        return first;
    }

    /** The bundle's start is over: who asks for its module has it, or does not get it. */
    synchronized void started() {
        started = true;
        early.forEach(this::judge);
        early.clear();
    }

    @Override
    public synchronized void frameworkEvent(FrameworkEvent event) {
        // "factory returned null" is a consequence that is also told when the old component goes
        if (event.getType() == FrameworkEvent.ERROR
                && event.getThrowable() instanceof ServiceException failure
                && failure.getType() == ServiceException.FACTORY_EXCEPTION) {
            if (started) {
                judge(event);
            } else {
                early.add(event);
            }
        }
    }

    private void judge(FrameworkEvent event) {
        if (offersInVain(event.getBundle())) {
            first.complete(event.getThrowable());
        }
    }

    private boolean offersInVain(Bundle asker) {
        ServiceReference<?>[] offered = bundle.getRegisteredServices();
        if (offered == null) {
            return false;
        }
        for (ServiceReference<?> service : offered) {
            if (isModule(service) && !isUsedBy(service, asker)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isModule(ServiceReference<?> service) {
        return List.of((String[]) service.getProperty("objectClass")).contains(MODULE);
    }

    private static boolean isUsedBy(ServiceReference<?> service, Bundle asker) {
        Bundle[] users = service.getUsingBundles();
        return users != null && List.of(users).contains(asker);
    }

    @Override
    public void close() {
        context.removeFrameworkListener(this);
    }
}
