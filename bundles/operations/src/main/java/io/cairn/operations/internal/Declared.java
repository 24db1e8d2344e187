package io.cairn.operations.internal;

import io.cairn.operations.Operation;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** An operation that is offered, with its decoder and the owner of the state that its calls make. */
final class Declared<P extends Record, R> {
    private final Operation<P, R> operation;
    private final ParameterDecoder<P> decoder;
    private final Owner owner;

    Declared(Operation<P, R> operation, Owner owner) {
        this.operation = operation;
        this.decoder = new ParameterDecoder<>(operation);
        this.owner = owner;
    }

    Operation<P, R> operation() {
        return operation;
    }

    Owner owner() {
        return owner;
    }

    /** Decodes and starts it; throws what is wrong with the parameters and what the handler throws. */
    CompletionStage<R> start(Map<String, Object> params) {
        P decoded = decoder.decode(params);
        CompletionStage<R> stage = operation.handler().handle(decoded);
        if (stage == null) {
            throw new IllegalStateException("its handler returned no stage");
        }
        return stage;
    }
}
