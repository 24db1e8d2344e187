package io.cairn.paxexam.jupiter.internal;

import org.ops4j.pax.exam.util.Injector;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;

public final class ContainerSide {
    private ContainerSide() {}

    public static boolean active(Class<?> testClass) {
        return FrameworkUtil.getBundle(testClass) != null;
    }

    public static void inject(Object instance) {
        Bundle probe = FrameworkUtil.getBundle(instance.getClass());
        BundleContext context = probe.getBundleContext();
        ServiceReference<Injector> reference = context.getServiceReference(Injector.class);
        if (reference == null) {
            throw new IllegalStateException("no Pax Exam Injector service");
        }
        context.getService(reference).injectFields(instance);
        context.ungetService(reference);
    }
}
