package io.cairn.operations;

import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/** Calls operations by name with untyped parameters, for the faces (JSON-RPC, shell, console). From any thread. */
@ProviderType
public interface Operations {
    /**
     * Calls an operation on the app thread: finds, checks the state, decodes, handles, saves the configuration if it changed.
     *
     * @param name the operation
     * @param params plain values as JSON has them (String, Boolean, Long, BigInteger, BigDecimal, List, Map), or null if absent
     * @return the result as a plain value; fails with {@link OperationException}
     */
    CompletionStage<Object> call(String name, Map<String, Object> params);
}
