package io.cairn.itests.distribution;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.cairn.itests.support.Await;
import io.cairn.operations.Operations;
import io.cairn.paxexam.jupiter.PaxExamTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.LongStream;
import javax.inject.Inject;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventConstants;
import org.osgi.service.event.EventHandler;

/** Bundles that know nothing of Cairn are told what happens to bdevs and modules, and to where, by OSGi events. */
@PaxExamTest(configuration = Distribution.class)
class EventsIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String MALLOC = "io.cairn.module.malloc";

    @Inject
    private BundleContext context;

    @Inject
    private Operations operations;

    @Test
    void anEventIsPostedForEachNotification() throws Exception {
        Queue<Event> seen = new ConcurrentLinkedQueue<>();
        ServiceRegistration<EventHandler> handler = context.registerService(
                EventHandler.class,
                (EventHandler) seen::add,
                FrameworkUtil.asDictionary(Map.of(EventConstants.EVENT_TOPIC, "io/cairn/*")));
        Bundle malloc = Arrays.stream(context.getBundles())
                .filter(bundle -> MALLOC.equals(bundle.getSymbolicName()))
                .findFirst()
                .orElseThrow();
        try {
            call("bdev_malloc_create", Map.of("name", "Told0", "num_blocks", 16L, "block_size", 512L));
            malloc.stop();
            malloc.start();
            call("bdev_malloc_delete", Map.of("name", "Told0"));
            Await.untilTrue("six events", LIMIT, () -> seen.size() >= 6);
        } finally {
            handler.unregister();
        }

        List<Event> events = new ArrayList<>(seen);
        assertEquals(
                List.of(
                        "io/cairn/bdev/REGISTERED",
                        "io/cairn/bdev/UNREGISTERED",
                        "io/cairn/module/DEPARTED",
                        "io/cairn/bdev/REGISTERED",
                        "io/cairn/module/ARRIVED",
                        "io/cairn/bdev/UNREGISTERED"),
                events.stream().map(Event::getTopic).toList());
        Event first = events.get(0);
        assertEquals("Told0", first.getProperty("name"));
        assertEquals("malloc", first.getProperty("module"));
        assertEquals(16L * 512, first.getProperty("size"));
        assertEquals(first.getProperty("uuid"), events.get(5).getProperty("uuid"));
        long from = (Long) first.getProperty("id");
        assertEquals(
                LongStream.range(from, from + 6).boxed().toList(),
                events.stream().map(event -> event.getProperty("id")).toList());
        List<?> notified = (List<?>) call("notify_get_notifications", Map.of("id", from, "max", 6L));
        assertEquals(
                List.of("Told0", "Told0", "malloc", "Told0", "malloc", "Told0"),
                notified.stream().map(one -> ((Map<?, ?>) one).get("ctx")).toList());
    }

    private Object call(String operation, Map<String, Object> params) {
        return operations.call(operation, params).toCompletableFuture().join();
    }
}
