package io.cairn.rpc.internal;

import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.operations.OperationRegistry;
import io.cairn.operations.Operations;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Calls the operation that a request names. Parameters that are not even a proper object fail as those that do not decode. */
final class Caller {
    private final Operations operations;
    private final OperationRegistry registry;

    Caller(Operations operations, OperationRegistry registry) {
        this.operations = operations;
        this.registry = registry;
    }

    CompletionStage<Object> call(Incoming.Request request) {
        Optional<Operation<?, ?>> operation = registry.find(request.method());
        if (operation.isPresent() && request.params() != null) {
            if (!(request.params() instanceof JsonObject object)) {
                return refused(operation.get(), "type", "parameters must be an object, not a list");
            }
            if (object.anyDuplicate().isPresent()) {
                return refused(
                        operation.get(),
                        "duplicate",
                        "parameter " + object.anyDuplicate().get() + " is given twice");
            }
        }
        return operations.call(request.method(), request.params() instanceof JsonObject object ? object.plain() : null);
    }

    private static CompletionStage<Object> refused(Operation<?, ?> operation, String reason, String message) {
        return CompletableFuture.failedFuture(new OperationException(
                operation.decodeError(),
                operation.name() + ": " + message,
                Map.of("operation", operation.name(), "reason", reason)));
    }
}
