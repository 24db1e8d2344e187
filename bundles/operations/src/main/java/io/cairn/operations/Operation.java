package io.cairn.operations;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/**
 * One operation, declared once.
 *
 * @param <P> its parameters: a record whose components carry {@link Param}
 * @param <R> its result: a plain value that JSON can hold (text, number, boolean, list, map with text keys in order, record, null)
 * @param name in SPDK's spelling where SPDK has it ({@code bdev_null_create})
 * @param description one or two sentences for people
 * @param parameters the record class; {@link None} if there are none
 * @param decodeError the code that SPDK answers when the parameters cannot be decoded, −32602 or −32603 mostly
 * @param changesConfiguration whether the saved configuration is written after success
 * @param states when it may be called
 * @param result what comes back, in words and in SPDK's shape, for the reference
 * @param example parameters in JSON that work on their own or after what the description says, for the reference
 * @param handler what does it
 */
public record Operation<P extends Record, R>(
        String name,
        String description,
        Class<P> parameters,
        int decodeError,
        boolean changesConfiguration,
        States states,
        String result,
        String example,
        Handler<P, R> handler) {
    /** JSON-RPC: invalid parameters. */
    public static final int INVALID_PARAMS = -32602;

    /** JSON-RPC: internal error; also what many of SPDK's methods answer to parameters that cannot be decoded. */
    public static final int INTERNAL_ERROR = -32603;

    /** No parameters: any but absent ones are refused. */
    public record None() {}

    /** When an operation may be called (SPDK's state mask). */
    public enum States {
        /** Before {@code framework_start_init} only. */
        STARTUP,
        /** After it only. */
        RUNTIME,
        /** Always. */
        BOTH
    }

    /** Does an operation. Called on the app thread; must not block. */
    @FunctionalInterface
    public interface Handler<P, R> {
        /**
         * Does it.
         *
         * @return the result, when the effect is visible
         * @throws OperationException if it is refused; nothing has changed then
         */
        CompletionStage<R> handle(P parameters);
    }

    /** Checks the declaration. */
    public Operation {
        Objects.requireNonNull(handler, "handler");
        if (!name.matches("[a-z][a-z0-9_]*")) {
            throw new IllegalArgumentException("operation name " + name);
        }
    }

    /**
     * Starts the declaration of an operation that is called at run time and answers {@code -32603} to bad parameters, or
     * {@code -32602} to any parameters if it takes {@link None}.
     */
    public static <P extends Record> Builder<P> named(String name, Class<P> parameters) {
        return new Builder<>(name, parameters);
    }

    /** Puts an operation together. */
    public static final class Builder<P extends Record> {
        private final String name;
        private final Class<P> parameters;
        private String description = "";
        private int decodeError;
        private boolean changesConfiguration;
        private States states = States.RUNTIME;
        private String result = "true";
        private String example = "";

        private Builder(String name, Class<P> parameters) {
            this.name = name;
            this.parameters = parameters;
            this.decodeError = parameters == None.class ? INVALID_PARAMS : INTERNAL_ERROR;
        }

        /** Says for people what it does. */
        public Builder<P> describedAs(String text) {
            description = text;
            return this;
        }

        /** Sets SPDK's code for parameters that cannot be decoded. */
        public Builder<P> decodeError(int code) {
            decodeError = code;
            return this;
        }

        /** Says that the configuration is saved after success. */
        public Builder<P> changingConfiguration() {
            changesConfiguration = true;
            return this;
        }

        /** Sets when it may be called. */
        public Builder<P> in(States when) {
            states = when;
            return this;
        }

        /** Describes the result. */
        public Builder<P> answering(String text) {
            result = text;
            return this;
        }

        /** Gives an example's parameters in JSON. */
        public Builder<P> example(String json) {
            example = json;
            return this;
        }

        /** Ends the declaration. */
        public <R> Operation<P, R> handledBy(Handler<P, R> handler) {
            return new Operation<>(
                    name, description, parameters, decodeError, changesConfiguration, states, result, example, handler);
        }
    }

    /** Returns a list of operations of different types; spares callers the generics. */
    public static List<Operation<?, ?>> list(Operation<?, ?>... operations) {
        return List.of(operations);
    }
}
