package io.cairn.bdev.core;

import io.cairn.bdev.Notification;
import io.cairn.bdev.NotificationType;
import io.cairn.operations.Operation;
import io.cairn.operations.Param;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** SPDK's operations on notifications. Handlers run on the app thread. */
final class NotifyOperations {
    /** Parameters of {@code notify_get_notifications}. */
    record GetNotifications(
            @Param(value = "the first one wanted; the oldest kept one if it is older", defaultsTo = "0") long id,
            @Param(value = "how many at most", defaultsTo = "" + Long.MAX_VALUE) long max) {}

    private final Notifications notifications;

    NotifyOperations(Notifications notifications) {
        this.notifications = notifications;
    }

    List<Operation<?, ?>> list() {
        return List.of(
                Operation.named("notify_get_types", Operation.None.class)
                        .describedAs("Lists the types of notifications.")
                        .answering("[type]")
                        .handledBy(p -> CompletableFuture.completedFuture(Arrays.stream(NotificationType.values())
                                .map(NotificationType::rpcName)
                                .toList())),
                Operation.named("notify_get_notifications", GetNotifications.class)
                        .describedAs("Tells what has happened to bdevs and modules, the oldest first. The newest "
                                + Notifications.CAPACITY + " are kept; a gap before the first id is what was missed.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .answering("[{\"type\", \"ctx\": name of the bdev or module, \"id\"[, \"detail\"]}]")
                        .example("{\"id\": 0, \"max\": 10}")
                        .handledBy(p -> CompletableFuture.completedFuture(notifications.from(p.id(), p.max()).stream()
                                .map(NotifyOperations::plain)
                                .toList())));
    }

    private static Map<String, Object> plain(Notification notification) {
        Map<String, Object> plain = new LinkedHashMap<>();
        plain.put("type", notification.type().rpcName());
        plain.put("ctx", notification.name());
        plain.put("id", notification.id());
        if (!notification.detail().isEmpty()) {
            plain.put("detail", notification.detail());
        }
        return plain;
    }
}
