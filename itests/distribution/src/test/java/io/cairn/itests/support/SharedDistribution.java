package io.cairn.itests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
            System.err.println(context.getDisplayName() + " failed; the distribution's log ends with:\n"
                    + shared.distribution().log());
        }
    }

    private static Shared shared(ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(Shared.class, type -> Shared.start(), Shared.class);
    }

    private record Shared(Path directory, RunningDistribution distribution) implements AutoCloseable {
        static Shared start() {
            try {
                Path directory = Files.createTempDirectory("cairn");
                RunningDistribution distribution = RunningDistribution.unpack(directory);
                try {
                    distribution.start();
                } catch (IOException | AssertionError e) {
                    distribution.close();
                    throw e;
                }
                return new Shared(directory, distribution);
            } catch (IOException e) {
                throw new AssertionError("the distribution cannot be started", e);
            }
        }

        /** Every run of the tests is also a test of the orderly end. */
        @Override
        public void close() throws IOException {
            try (distribution) {
                distribution.stop();
            } finally {
                Files.deleteIfExists(distribution.socket());
                Files.deleteIfExists(directory.resolve("rpc.sock.lock"));
                Files.deleteIfExists(directory);
            }
        }
    }
}
