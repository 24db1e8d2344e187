package io.cairn.operations.internal;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What a running distribution sets. Each setting is looked for in the environment, then among the framework's and the system's
 * properties, then in the configuration admin's {@code io.cairn.operations}:
 *
 * <ul>
 *   <li>{@code CAIRN_CONFIG}, {@code cairn.config}, {@code config}: the file of the saved configuration; default
 *       {@code ${karaf.data}/cairn.json}
 *   <li>{@code CAIRN_WAIT_FOR_RPC}, {@code cairn.wait.for.rpc}, {@code wait.for.rpc}: {@code true} starts in the startup state
 *   <li>{@code CAIRN_OPERATION_DEADLINE}, {@code cairn.operation.deadline}, {@code operation.deadline}: seconds
 * </ul>
 */
final class Deployment {
    private static final String PREFIX = "cairn.";

    private final UnaryOperator<String> properties;
    private final Map<String, String> environment;
    private final Map<String, Object> configuration;

    Deployment(UnaryOperator<String> properties, Map<String, String> environment, Map<String, Object> configuration) {
        this.properties = properties;
        this.environment = environment;
        this.configuration = configuration;
    }

    Path configFile() {
        String file = setting("CAIRN_CONFIG", "config");
        if (file != null) {
            return Path.of(file);
        }
        String data = properties.apply("karaf.data");
        return Path.of(data == null ? "" : data, "cairn.json");
    }

    Settings settings() {
        String wait = setting("CAIRN_WAIT_FOR_RPC", "wait.for.rpc");
        String deadline = setting("CAIRN_OPERATION_DEADLINE", "operation.deadline");
        Settings defaults = Settings.defaults();
        return new Settings(
                wait == null ? defaults.waitForRpc() : wait.equals("true") || wait.equals("1"),
                deadline == null ? defaults.deadline() : Duration.ofSeconds(Long.parseLong(deadline)));
    }

    private String setting(String variable, String name) {
        String value = environment.get(variable);
        if (value == null || value.isBlank()) {
            value = properties.apply(PREFIX + name);
        }
        if (value == null && configuration.get(name) != null) {
            value = String.valueOf(configuration.get(name));
        }
        return value == null || value.isBlank() ? null : value;
    }
}
