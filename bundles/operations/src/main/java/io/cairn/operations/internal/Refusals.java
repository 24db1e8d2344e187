package io.cairn.operations.internal;

import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.reactor.Errno;
import io.cairn.reactor.HasErrno;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Turns what goes wrong into the refusals that callers see. */
final class Refusals {
    private static final Logger LOG = System.getLogger(Refusals.class.getName());
    private static final int METHOD_NOT_FOUND = -32601;
    /** SPDK's code for a call in the wrong state; the same number as EPERM's. */
    private static final int WRONG_STATE = -1;

    private Refusals() {}

    static OperationException unknown(String name) {
        String shown = name.length() <= 100 ? name : name.substring(0, 100) + "…";
        return new OperationException(METHOD_NOT_FOUND, "Method not found: " + shown, Map.of("operation", shown));
    }

    static OperationException tooEarly(String name) {
        return new OperationException(
                WRONG_STATE,
                "Method may only be called after framework is initialized using framework_start_init RPC.",
                Map.of("operation", name, "reason", "state"));
    }

    static OperationException tooLate(String name) {
        return new OperationException(
                WRONG_STATE,
                "Method may only be called before framework is initialized. Use --wait-for-rpc command line parameter and then"
                        + " issue this RPC before the framework_start_init RPC.",
                Map.of("operation", name, "reason", "state"));
    }

    static OperationException timedOut(String name, long seconds) {
        return new OperationException(
                Errno.ETIMEDOUT.code(),
                name + ": no answer after " + seconds + " s; it is still under way and may take effect later: "
                        + Errno.ETIMEDOUT,
                Map.of("errno", Errno.ETIMEDOUT.name(), "operation", name, "reason", "deadline"));
    }

    static OperationException notSaved(String name, String place, Object result, Throwable failure) {
        boolean full = String.valueOf(failure.getMessage()).contains("No space left");
        Errno errno = full ? Errno.ENOSPC : Errno.EIO;
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("errno", errno.name());
        data.put("operation", name);
        data.put("reason", "done but not saved");
        data.put("result", result);
        return new OperationException(
                errno.code(),
                name + ": done but not saved: the configuration could not be written to " + place + " ("
                        + cause(failure) + "), so a restart will not know of it: " + errno,
                data);
    }

    /** Maps what a handler threw. What no handler should throw is logged. */
    static OperationException of(Operation<?, ?> operation, Throwable thrown) {
        Throwable failure = thrown;
        while ((failure instanceof CompletionException || failure instanceof ExecutionException)
                && failure.getCause() != null) {
            failure = failure.getCause();
        }
        if (failure instanceof OperationException refusal) {
            return refusal.data().get("errno") instanceof String name ? naming(name, refusal) : refusal;
        }
        if (failure instanceof HasErrno known) {
            return naming(
                    known.errno().name(),
                    OperationException.errno(known.errno(), String.valueOf(failure.getMessage())));
        }
        LOG.log(Level.ERROR, "operation " + operation.name() + " failed unexpectedly", failure);
        return new OperationException(
                Operation.INTERNAL_ERROR,
                operation.name() + ": internal error: " + cause(failure),
                Map.of("operation", operation.name(), "reason", "internal"));
    }

    /** Adds the errno's name and text to a message that does not say it. */
    private static OperationException naming(String errno, OperationException refusal) {
        for (Errno e : Errno.values()) {
            if (e.name().equals(errno) && !refusal.getMessage().contains(errno)) {
                return new OperationException(refusal.code(), refusal.getMessage() + ": " + e, refusal.data());
            }
        }
        return refusal;
    }

    private static String cause(Throwable failure) {
        if (failure instanceof IOException && failure.getMessage() != null) {
            return failure.getMessage();
        }
        return failure.getClass().getSimpleName() + (failure.getMessage() == null ? "" : ": " + failure.getMessage());
    }
}
