package io.cairn.shell;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.Bdevs;
import io.cairn.operations.Operations;
import io.cairn.operations.Param;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The names that there are now, for completion. */
final class NameSource {
    /** Whoever presses the tabulator key does not wait for long. */
    private static final long PATIENCE_MILLIS = 500;

    private final Bdevs bdevs;
    private final Operations operations;

    NameSource(Bdevs bdevs, Operations operations) {
        this.bdevs = bdevs;
        this.operations = operations;
    }

    /** Returns the names of a kind; none if they cannot be had. Waits a moment at most. */
    List<String> names(Param.Names kind) {
        return switch (kind) {
            case BDEV ->
                soon(bdevs.list().thenApply(all -> all.stream().map(Bdev::name).toList()));
            case NBD_EXPORT -> soon(operations.call("nbd_export_list", null).thenApply(NameSource::exportNames));
            case FILE, NOTHING -> List.of();
        };
    }

    private static List<String> exportNames(Object exports) {
        return exports instanceof List<?> list
                ? list.stream()
                        .filter(Map.class::isInstance)
                        .map(export -> Objects.toString(((Map<?, ?>) export).get("name"), ""))
                        .filter(name -> !name.isEmpty())
                        .toList()
                : List.of();
    }

    private static List<String> soon(CompletionStage<List<String>> names) {
        try {
            return names.toCompletableFuture().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        } catch (ExecutionException | TimeoutException e) {
            // an operation that is not there, or a server that is busy: nothing to offer, and nothing to say
            return List.of();
        }
    }
}
