package io.cairn.module.raid.array;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.NotificationType;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Where an array is in its life, what serves it while it is online, and who is told of what happens to it. App thread. */
final class Life implements Events {
    private final BdevHost host;
    private final Definition definition;
    private ArrayState state = ArrayState.CONFIGURING;
    private Service service;
    private boolean deleted;
    /** What has happened since it is online and cannot be told yet, in order; empty when it can. */
    private Optional<List<Event>> untold = Optional.empty();

    private record Event(NotificationType type, String detail) {}

    Life(BdevHost host, Definition definition) {
        this.host = host;
        this.definition = definition;
    }

    ArrayState state() {
        return state;
    }

    /** Returns what serves it; null while nothing does. */
    Service service() {
        return service;
    }

    /**
     * Returns what serves it.
     *
     * @param lacking what a user asked for, which there is none of while it is not online
     * @throws BdevException ENODEV nothing serves it
     */
    Service online(String lacking) {
        if (service == null) {
            throw definition.refusal(Errno.ENODEV, "it is " + state + ", and has no " + lacking);
        }
        return service;
    }

    boolean isOnline() {
        return state == ArrayState.ONLINE;
    }

    boolean isDeleted() {
        return deleted;
    }

    /**
     * It is online.
     *
     * @param ready completes when its bdev is ready: nothing can be told of it before
     */
    void begin(Service prepared, CompletionStage<?> ready) {
        service = prepared;
        state = ArrayState.ONLINE;
        untold = Optional.of(new ArrayList<>());
        ready.whenComplete((bdev, failure) -> {
            if (service == prepared) {
                List<Event> events = untold.orElse(List.of());
                untold = Optional.empty();
                events.forEach(event -> announce(event.type(), event.detail()));
            }
        });
    }

    /** It has too few members to go on; what serves it still does, until its bdev is gone. */
    void goOffline() {
        state = ArrayState.OFFLINE;
    }

    /** Nothing serves it any more. */
    void end() {
        service = null;
        if (state == ArrayState.ONLINE) {
            state = ArrayState.OFFLINE;
        }
    }

    /** It is never to be online again. */
    void delete() {
        deleted = true;
    }

    @Override
    public void announce(NotificationType type, String detail) {
        if (service == null || service.bdev() == null) {
            return;
        }
        untold.ifPresentOrElse(
                events -> events.add(new Event(type, detail)), () -> host.announce(service.bdev(), type, detail));
    }
}
