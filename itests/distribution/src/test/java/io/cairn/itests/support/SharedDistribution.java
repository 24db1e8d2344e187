package io.cairn.itests.support;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestWatcher;

/** Gives tests a {@link RunningDistribution} that all of them share, started by the first, ended after the last. */
public final class SharedDistribution implements ParameterResolver, TestWatcher {
    private static final Namespace NAMESPACE = Namespace.create(SharedDistribution.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == RunningDistribution.class;
    }

    @Override
    public RunningDistribution resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return shared(context).distribution();
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        Shared shared = context.getRoot().getStore(NAMESPACE).get(Shared.class, Shared.class);
        if (shared != null) {
            Figures.log(
                    "%s failed; the distribution's log ends with:%n%s",
                    context.getDisplayName(), shared.distribution().log());
        }
    }

    private static Shared shared(ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(Shared.class, type -> Shared.start(), Shared.class);
    }

    private record Shared(RunningDistribution distribution) implements AutoCloseable {
        static Shared start() {
            try {
                RunningDistribution distribution = RunningDistribution.unpack(Files.createTempDirectory("cairn"));
                try {
                    distribution.start();
                } catch (IOException | AssertionError e) {
                    distribution.close();
                    throw e;
                }
                return new Shared(distribution);
            } catch (IOException e) {
                throw new AssertionError("the distribution cannot be started", e);
            }
        }

        /** Every run of the tests is also a test of the orderly end. */
        @Override
        public void close() {
            try (distribution) {
                distribution.stop();
            }
        }
    }
}
