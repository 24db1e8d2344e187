package io.cairn.operations;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An entry of the saved configuration: an operation to call and its parameters, SPDK's {@code {"method","params"}}.
 *
 * @param method the operation
 * @param params names and plain values in order; empty: without parameters
 */
public record ConfigEntry(String method, Map<String, Object> params) {
    /** Copies the parameters, keeping their order. */
    public ConfigEntry {
        params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
    }
}
