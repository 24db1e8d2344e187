package io.cairn.bdev.core;

import io.cairn.reactor.IoBuffer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a module hands over to the next of its name. Nothing of the old module's own types may be in it: they would keep its class
 * loader alive and mean nothing to the new one. App thread.
 */
final class HandOver {
    private final Map<String, Object> values = new LinkedHashMap<>();

    /** Takes what a module gives; returns what is wrong with it, if anything: nothing is taken then. */
    Optional<String> take(ModuleHost host) {
        Map<String, Object> given = Map.of();
        try {
            given = host.module().handOver();
            for (Map.Entry<String, Object> each : given.entrySet()) {
                checkNeutral(each.getKey(), each.getValue());
            }
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            host.countDefect();
            given.values().forEach(HandOver::free);
            return Optional.of("module " + host.name() + " failed to hand over: " + e);
        }
        values.putAll(given);
        return Optional.empty();
    }

    private static void checkNeutral(String key, Object value) {
        if (value instanceof Map<?, ?> map) {
            checkPlatform(key, value);
            map.forEach((k, v) -> {
                checkNeutral(key, k);
                checkNeutral(key, v);
            });
        } else if (value instanceof Collection<?> all) {
            checkPlatform(key, value);
            all.forEach(each -> checkNeutral(key, each));
        } else if (value instanceof Object[] all) {
            for (Object each : all) {
                checkNeutral(key, each);
            }
        } else if (value != null && !(value instanceof IoBuffer)) {
            checkPlatform(key, value);
        }
    }

    private static void checkPlatform(String key, Object value) {
        ClassLoader loader = value.getClass().getClassLoader();
        if (loader != null && loader != ClassLoader.getPlatformClassLoader()) {
            throw new IllegalArgumentException(key + " holds a "
                    + value.getClass().getName() + ": only types of the JDK and IoBuffer outlive a module");
        }
    }

    /** Returns the values; what the new module removes from them is its own. */
    Map<String, Object> values() {
        return values;
    }

    /** Frees the memory that nobody took. */
    void free() {
        values.values().forEach(HandOver::free);
        values.clear();
    }

    private static void free(Object value) {
        if (value instanceof IoBuffer memory) {
            memory.free();
        } else if (value instanceof Map<?, ?> map) {
            map.values().forEach(HandOver::free);
        } else if (value instanceof Collection<?> all) {
            all.forEach(HandOver::free);
        } else if (value instanceof Object[] all) {
            for (Object each : all) {
                free(each);
            }
        }
    }
}
