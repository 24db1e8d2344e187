package io.cairn.paxexam.jupiter.internal;

import io.cairn.paxexam.jupiter.PaxExamTest;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.opentest4j.TestAbortedException;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.CoreOptions;
import org.ops4j.pax.exam.ExamSystem;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.OptionUtils;
import org.ops4j.pax.exam.TestAddress;
import org.ops4j.pax.exam.TestContainer;
import org.ops4j.pax.exam.TestProbeBuilder;
import org.ops4j.pax.exam.karaf.options.KarafExamSystemConfigurationOption;
import org.ops4j.pax.exam.karaf.options.libraries.OverrideJUnitBundlesOption;
import org.ops4j.pax.exam.spi.PaxExamRuntime;

public final class DriverSide {
    private static final ExtensionContext.Namespace NS = ExtensionContext.Namespace.create(DriverSide.class);

    private DriverSide() {}

    /** A running container; closed by JUnit with the store that holds it. */
    private static final class Running implements AutoCloseable {
        final ExamSystem system;
        final TestContainer container;
        /** The processes that this container started: other containers, and distributions run by tests, are not its to end. */
        final List<ProcessHandle> own;

        Running(Option[] options) {
            Set<ProcessHandle> others = ProcessHandle.current().children().collect(Collectors.toSet());
            try {
                system = PaxExamRuntime.createTestSystem(OptionUtils.combine(options, driverOptions()));
                container = PaxExamRuntime.createContainer(system);
                container.start();
            } catch (Exception e) {
                throw new IllegalStateException("container did not start", e);
            }
            own = ProcessHandle.current()
                    .children()
                    .filter(p -> !others.contains(p) && isKaraf(p))
                    .toList();
        }

        private static boolean isKaraf(ProcessHandle p) {
            return p.info()
                    .arguments()
                    .map(a -> Arrays.asList(a).contains("org.apache.karaf.main.Main"))
                    .orElse(false);
        }

        @Override
        public void close() {
            try {
                container.stop();
                system.clear();
            } finally {
                // stop() leaves the process behind when an RMI call in it fails
                own.forEach(ProcessHandle::destroy);
            }
        }
    }

    private record Deployed(Running running, Map<String, TestAddress> addresses) {}

    public static void open(ExtensionContext context) throws Exception {
        Class<?> testClass = context.getRequiredTestClass();
        PaxExamTest test =
                AnnotationSupport.findAnnotation(testClass, PaxExamTest.class).orElseThrow();
        ExtensionContext.Store store =
                test.ownContainer() ? context.getStore(NS) : context.getRoot().getStore(NS);
        Running running = store.getOrComputeIfAbsent(
                test.configuration(), k -> new Running(options(test.configuration())), Running.class);
        TestProbeBuilder probe = running.system.createProbe();
        Map<String, TestAddress> addresses = new HashMap<>();
        for (Method m :
                AnnotationSupport.findAnnotatedMethods(testClass, Test.class, HierarchyTraversalMode.TOP_DOWN)) {
            addresses.put(m.getName(), probe.addTest(testClass, m.getName()));
        }
        // not installProbe: all its probes share one location, and stop() fails on probes that are gone already
        running.container.install("probe:" + testClass.getName(), probe.build().getStream());
        context.getStore(NS).put("deployed", new Deployed(running, addresses));
    }

    public static void call(ExtensionContext context, Method method) throws Throwable {
        Deployed deployed = context.getStore(NS).get("deployed", Deployed.class);
        try {
            deployed.running.container.call(deployed.addresses.get(method.getName()));
        } catch (RuntimeException e) {
            for (Throwable t = e; t != null; t = t.getCause()) {
                if (t instanceof AssertionError || t instanceof TestAbortedException) {
                    throw t;
                }
            }
            throw e;
        }
    }

    private static Option[] options(Class<?> configuration) {
        try {
            for (Method m : configuration.getMethods()) {
                if (m.isAnnotationPresent(Configuration.class) && Modifier.isStatic(m.getModifiers())) {
                    return (Option[]) m.invoke(null);
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        throw new IllegalStateException(configuration + " has no public static @Configuration method: "
                + Arrays.toString(configuration.getMethods()));
    }

    private static Option[] driverOptions() {
        String junit = System.getProperty("junit.version");
        String platform = "1" + junit.substring(1);
        return new Option[] {
            new KarafExamSystemConfigurationOption("jupiter"),
            new OverrideJUnitBundlesOption(),
            CoreOptions.mavenBundle("org.opentest4j", "opentest4j", "1.3.0"),
            CoreOptions.mavenBundle("org.junit.platform", "junit-platform-commons", platform),
            CoreOptions.mavenBundle("org.junit.platform", "junit-platform-engine", platform),
            CoreOptions.mavenBundle("org.junit.platform", "junit-platform-launcher", platform),
            CoreOptions.mavenBundle("org.junit.jupiter", "junit-jupiter-api", junit),
            CoreOptions.mavenBundle("org.junit.jupiter", "junit-jupiter-engine", junit),
            // by its file: a build that does not install has not put it into any Maven repository
            CoreOptions.bundle(DriverSide.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toString()),
        };
    }
}
