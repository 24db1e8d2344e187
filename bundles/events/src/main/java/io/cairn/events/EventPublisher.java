package io.cairn.events;

import io.cairn.bdev.Notification;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;

/**
 * Hands events to the event admin in order, on a thread that may block: an event admin that takes its time holds up no reactor.
 */
final class EventPublisher implements Consumer<Notification> {
    /** Beyond so many that wait, events are dropped: an event admin that hangs must not fill the memory. */
    static final int MOST_WAITING = 1024;

    private static final Logger LOG = System.getLogger(EventPublisher.class.getName());

    private final EventAdmin admin;
    private final Executor blocking;
    private final Queue<Event> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger size = new AtomicInteger();
    private boolean dropping;

    EventPublisher(EventAdmin admin, Executor blocking) {
        this.admin = admin;
        this.blocking = blocking;
    }

    /** Takes a notification. App thread; never blocks. */
    @Override
    public void accept(Notification notification) {
        if (size.get() >= MOST_WAITING) {
            if (!dropping) {
                dropping = true;
                LOG.log(
                        Level.WARNING,
                        "{0} events wait for the event admin: dropping new ones, from id {1} on",
                        MOST_WAITING,
                        notification.id());
            }
            return;
        }
        dropping = false;
        waiting.add(event(notification));
        if (size.getAndIncrement() == 0) {
            try {
                blocking.execute(this::post);
            } catch (RejectedExecutionException e) {
                // the process is ending: nobody waits for these any more
                waiting.clear();
                size.set(0);
            }
        }
    }

    private void post() {
        do {
            try {
                admin.postEvent(waiting.remove());
            } catch (RuntimeException | LinkageError e) {
                LOG.log(Level.WARNING, "the event admin refused an event", e);
            }
        } while (size.decrementAndGet() > 0);
    }

    private static Event event(Notification notification) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("id", notification.id());
        properties.put("name", notification.name());
        properties.put("module", notification.module());
        notification.uuid().ifPresent(uuid -> {
            properties.put("uuid", uuid.toString());
            properties.put("size", notification.sizeBytes());
        });
        if (!notification.detail().isEmpty()) {
            properties.put("detail", notification.detail());
        }
        return new Event(topic(notification), properties);
    }

    private static String topic(Notification notification) {
        return switch (notification.type()) {
            case BDEV_REGISTER -> "io/cairn/bdev/REGISTERED";
            case BDEV_UNREGISTER -> "io/cairn/bdev/UNREGISTERED";
            case BDEV_RESIZE -> "io/cairn/bdev/RESIZED";
            case MODULE_ARRIVE -> "io/cairn/module/ARRIVED";
            case MODULE_DEPART -> "io/cairn/module/DEPARTED";
            case BDEV_MEMBER_LOST -> "io/cairn/bdev/MEMBER_LOST";
            case BDEV_DEGRADED -> "io/cairn/bdev/DEGRADED";
            case BDEV_OPTIMAL -> "io/cairn/bdev/OPTIMAL";
            case BDEV_SPARE_TAKEN -> "io/cairn/bdev/SPARE_TAKEN";
            case BDEV_PROCESS_BEGIN -> "io/cairn/bdev/PROCESS_BEGUN";
            case BDEV_PROCESS_END -> "io/cairn/bdev/PROCESS_ENDED";
            case BDEV_MISMATCH -> "io/cairn/bdev/MISMATCH";
        };
    }
}
