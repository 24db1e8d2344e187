package io.cairn.events;

import io.cairn.bdev.Bdevs;
import io.cairn.reactor.Reactors;
import java.util.concurrent.CompletionStage;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.event.EventAdmin;

/** Follows the core's notifications for as long as there are a core and an event admin. */
@Component(service = EventComponent.class, immediate = true)
public final class EventComponent {
    private final CompletionStage<Bdevs.Watch> watch;

    /** Begins to follow. */
    @Activate
    public EventComponent(@Reference Bdevs bdevs, @Reference Reactors reactors, @Reference EventAdmin admin) {
        watch = bdevs.watchNotifications(new EventPublisher(admin, reactors.blocking()));
    }

    /** Ends it. What waits is still posted. */
    @Deactivate
    public void close() {
        watch.thenAccept(Bdevs.Watch::close);
    }
}
