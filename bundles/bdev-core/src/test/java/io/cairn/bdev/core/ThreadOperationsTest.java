package io.cairn.bdev.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.OpenMode;
import io.cairn.operations.Operation;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is in use on the reactors is told where it is, and no more when it is given back. */
class ThreadOperationsTest {
    private final CoreFixture core = new CoreFixture(5);
    private final NameSpace names = new NameSpace();
    private final ThreadOperations operations = new ThreadOperations(core.reactors, names);
    private final Reactor second = core.reactors.all().get(1);

    @Test
    void tellsPollersByReactorAndKind() {
        Poller.Registration[] pollers = new Poller.Registration[2];
        second.execute(() -> {
            pollers[0] = second.poll("busy", () -> Poller.ASLEEP);
            pollers[1] = second.poll("each hour", 3_600_000_000_000L, () -> Poller.ASLEEP);
        });
        core.reactors.runUntilIdle();
        assertThat(threads("thread_get_pollers").get(1))
                .containsEntry("name", second.name())
                .containsEntry("active_pollers", List.of(Map.of("name", "busy", "id", 1L)))
                .containsEntry("timed_pollers", List.of(Map.of("name", "each hour", "id", 2L)));
        assertThat(threads("thread_get_pollers").get(0)).containsEntry("active_pollers", List.of());

        second.execute(() -> {
            pollers[0].close();
            pollers[1].close();
        });
        core.reactors.runUntilIdle();
        assertThat(threads("thread_get_pollers").get(1))
                .containsEntry("active_pollers", List.of())
                .containsEntry("timed_pollers", List.of());
    }

    @Test
    void tellsChannelsOfBdevs() {
        TestModule module = core.module("one");
        names.add((CoreBdev) module.register(new TestModule.Disk(512, 64), "d0"));
        core.reactors.runUntilIdle();
        BdevDescriptor descriptor = core.open("d0", OpenMode.READ);
        BdevChannel[] channels = new BdevChannel[1];
        second.execute(() -> channels[0] = descriptor.openChannel());
        core.reactors.runUntilIdle();
        assertThat(threads("thread_get_io_channels").get(1))
                .containsEntry("io_channels", List.of(Map.of("name", "d0", "ref", 1L)));
        assertThat(threads("thread_get_io_channels").get(0)).containsEntry("io_channels", List.of());

        second.execute(channels[0]::close);
        core.reactors.runUntilIdle();
        assertThat(threads("thread_get_io_channels").get(1)).containsEntry("io_channels", List.of());
    }

    @Test
    void tellsMemoryThatIsLentOut() {
        IoBuffer[] lent = new IoBuffer[1];
        second.execute(() -> lent[0] = second.buffers().take(8192));
        core.reactors.runUntilIdle();
        assertThat(call("iobuf_get_stats").toString()).contains("lent_bytes=8192");

        second.execute(() -> second.buffers().give(lent[0]));
        core.reactors.runUntilIdle();
        assertThat(call("iobuf_get_stats").toString())
                .doesNotContain("lent_bytes=8192")
                .contains("allocated_bytes=8192");
    }

    @SuppressWarnings("unchecked")
    private List<Map<String, Object>> threads(String name) {
        return (List<Map<String, Object>>) ((Map<String, Object>) call(name)).get("threads");
    }

    @SuppressWarnings("unchecked")
    private Object call(String name) {
        Operation<Operation.None, Object> operation = (Operation<Operation.None, Object>) operations.list().stream()
                .filter(o -> o.name().equals(name))
                .findFirst()
                .orElseThrow();
        return core.await(core.reactors.onApp(() -> operation.handler().handle(new Operation.None())));
    }
}
