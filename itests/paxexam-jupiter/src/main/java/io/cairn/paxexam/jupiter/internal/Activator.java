package io.cairn.paxexam.jupiter.internal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.engine.JupiterTestEngine;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.ops4j.pax.exam.ProbeInvoker;
import org.ops4j.pax.exam.ProbeInvokerFactory;
import org.ops4j.pax.exam.TestContainerException;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;

/** Container side: runs one test method of the probe with the Jupiter engine. */
public final class Activator implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        context.registerService(
                ProbeInvokerFactory.class,
                (probe, expression) -> new Invoker((BundleContext) probe, expression),
                FrameworkUtil.asDictionary(Map.of("driver", "jupiter")));
    }

    @Override
    public void stop(BundleContext context) {}

    private record Invoker(BundleContext probe, String expression) implements ProbeInvoker {
        @Override
        public void call(Object... args) {
            String[] parts = expression.split(";");
            AtomicReference<Throwable> failure = new AtomicReference<>();
            int[] started = {0};
            ClassLoader old = Thread.currentThread().getContextClassLoader();
            try {
                Class<?> testClass = probe.getBundle().loadClass(parts[0]);
                Thread.currentThread().setContextClassLoader(testClass.getClassLoader());
                Launcher launcher = LauncherFactory.create(LauncherConfig.builder()
                        .enableTestEngineAutoRegistration(false)
                        .enableTestExecutionListenerAutoRegistration(false)
                        .enableLauncherSessionListenerAutoRegistration(false)
                        .enableLauncherDiscoveryListenerAutoRegistration(false)
                        .enablePostDiscoveryFilterAutoRegistration(false)
                        .addTestEngines(new JupiterTestEngine())
                        .build());
                LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                        .selectors(DiscoverySelectors.selectMethod(testClass, parts[1]))
                        .build();
                launcher.execute(request, new TestExecutionListener() {
                    @Override
                    public void executionStarted(TestIdentifier id) {
                        started[0] += id.isTest() ? 1 : 0;
                    }

                    @Override
                    public void executionFinished(TestIdentifier id, TestExecutionResult result) {
                        Optional<Throwable> t = result.getThrowable();
                        if (t.isPresent()) {
                            failure.compareAndSet(null, t.get());
                        }
                    }
                });
            } catch (ClassNotFoundException e) {
                throw new TestContainerException(e);
            } finally {
                Thread.currentThread().setContextClassLoader(old);
            }
            if (failure.get() != null) {
                throw portable(failure.get());
            }
            if (started[0] == 0) {
                throw new TestContainerException("no test ran for " + expression);
            }
        }

        /** The driver JVM must be able to deserialise what is thrown. */
        private static TestContainerException portable(Throwable t) {
            try (ObjectOutputStream out = new ObjectOutputStream(new ByteArrayOutputStream())) {
                out.writeObject(t);
                return new TestContainerException(t.toString(), t);
            } catch (IOException e) {
                StringWriter w = new StringWriter();
                t.printStackTrace(new PrintWriter(w, true));
                return new TestContainerException(w.toString());
            }
        }
    }
}
