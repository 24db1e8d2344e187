package io.cairn.events;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.Notification;
import io.cairn.bdev.NotificationType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;

class EventPublisherTest {
    private static final UUID ID = new UUID(1, 2);

    private final List<Event> posted = new ArrayList<>();
    private final ArrayDeque<Runnable> blocking = new ArrayDeque<>();
    private boolean refusing;
    private final EventPublisher publisher = new EventPublisher(
            new EventAdmin() {
                @Override
                public void postEvent(Event event) {
                    if (refusing) {
                        refusing = false;
                        throw new IllegalStateException("not now");
                    }
                    posted.add(event);
                }

                @Override
                public void sendEvent(Event event) {
                    throw new AssertionError("blocks");
                }
            },
            blocking::add);

    private static Notification bdev(long id, NotificationType type) {
        return new Notification(id, type, "Malloc0", "malloc", Optional.of(ID), 4096);
    }

    @Test
    void saysWhatHappenedToABdev() {
        publisher.accept(bdev(7, NotificationType.BDEV_REGISTER));
        publisher.accept(bdev(8, NotificationType.BDEV_RESIZE));
        publisher.accept(bdev(9, NotificationType.BDEV_UNREGISTER));
        assertThat(posted).as("nothing on the caller's thread").isEmpty();
        assertThat(blocking).as("one thread, so that they stay in order").hasSize(1);

        blocking.remove().run();

        assertThat(posted)
                .extracting(Event::getTopic)
                .containsExactly("io/cairn/bdev/REGISTERED", "io/cairn/bdev/RESIZED", "io/cairn/bdev/UNREGISTERED");
        Event first = posted.get(0);
        assertThat(first.getProperty("id")).isEqualTo(7L);
        assertThat(first.getProperty("name")).isEqualTo("Malloc0");
        assertThat(first.getProperty("module")).isEqualTo("malloc");
        assertThat(first.getProperty("uuid")).isEqualTo(ID.toString());
        assertThat(first.getProperty("size")).isEqualTo(4096L);
    }

    @Test
    void saysWhatHappenedToAModule() {
        publisher.accept(new Notification(0, NotificationType.MODULE_ARRIVE, "aio", "aio", Optional.empty(), 0));
        publisher.accept(new Notification(1, NotificationType.MODULE_DEPART, "aio", "aio", Optional.empty(), 0));
        blocking.remove().run();
        assertThat(posted)
                .extracting(Event::getTopic)
                .containsExactly("io/cairn/module/ARRIVED", "io/cairn/module/DEPARTED");
        assertThat(posted.get(0).containsProperty("size")).isFalse();
    }

    @Test
    void saysWhatAModuleTellsOfItsBdev() {
        publisher.accept(new Notification(
                3, NotificationType.BDEV_MEMBER_LOST, "R0", "raid", Optional.of(ID), 4096, "Malloc1: EIO"));
        publisher.accept(bdev(4, NotificationType.BDEV_DEGRADED));
        blocking.remove().run();
        assertThat(posted)
                .extracting(Event::getTopic)
                .containsExactly("io/cairn/bdev/MEMBER_LOST", "io/cairn/bdev/DEGRADED");
        assertThat(posted.get(0).getProperty("detail")).isEqualTo("Malloc1: EIO");
        assertThat(posted.get(1).containsProperty("detail")).isFalse();
    }

    @Test
    void goesOnAfterARefusal() {
        refusing = true;
        publisher.accept(bdev(0, NotificationType.BDEV_REGISTER));
        publisher.accept(bdev(1, NotificationType.BDEV_UNREGISTER));
        blocking.remove().run();
        publisher.accept(bdev(2, NotificationType.BDEV_REGISTER));
        blocking.remove().run();
        assertThat(posted).extracting(e -> e.getProperty("id")).containsExactly(1L, 2L);
    }

    @Test
    void dropsWhatAnEventAdminThatHangsDoesNotTake() {
        for (int i = 0; i < EventPublisher.MOST_WAITING + 10; i++) {
            publisher.accept(bdev(i, NotificationType.BDEV_RESIZE));
        }
        blocking.remove().run();
        assertThat(posted).hasSize(EventPublisher.MOST_WAITING);
        publisher.accept(bdev(5000, NotificationType.BDEV_RESIZE));
        blocking.remove().run();
        assertThat(posted.get(EventPublisher.MOST_WAITING).getProperty("id")).isEqualTo(5000L);
        assertThat(blocking).isEmpty();
    }
}
