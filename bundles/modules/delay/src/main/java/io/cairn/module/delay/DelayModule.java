package io.cairn.module.delay;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.ProvidesBdevModule;
import io.cairn.bdev.spi.VirtualBdevs;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.operations.Param;
import io.cairn.reactor.Errno;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.service.component.annotations.Component;

/** Bdevs that tell the end of reads and writes some time after their base did. */
@Component(service = BdevModule.class)
@ProvidesBdevModule(DelayModule.NAME)
public final class DelayModule implements BdevModule {
    static final String NAME = "delay";

    /** JSON-RPC: invalid request; what SPDK answers to the update of a bdev of another module. */
    private static final int INVALID_REQUEST = -32600;

    private BdevHost host;
    private VirtualBdevs<Delay> delays;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void init(BdevHost core) {
        host = core;
        delays = new VirtualBdevs<>(NAME, core);
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named("bdev_delay_create", CreateParams.class)
                        .describedAs(
                                "Creates a bdev that passes every I/O to its base and holds the completions of reads and"
                                        + " writes for a time: the average latency for most of them, the p99 latency for one"
                                        + " in a hundred. If the base is not there, the bdev appears with it; and so after"
                                        + " each time that the base was away.")
                        .changingConfiguration()
                        .answering("The name of the new bdev, also if its base is not there yet.")
                        .example(
                                "{\"base_bdev_name\": \"Malloc0\", \"name\": \"Delay0\", \"avg_read_latency\": 500,"
                                        + " \"p99_read_latency\": 5000, \"avg_write_latency\": 1000, \"p99_write_latency\": 20000}")
                        .handledBy(this::create),
                Operation.named("bdev_delay_update_latency", UpdateParams.class)
                        .describedAs(
                                "Changes one latency of a delay bdev, for what its base completes from now on; what is held"
                                        + " already stays for the time that it was to be.")
                        .changingConfiguration()
                        .example(
                                "{\"delay_bdev_name\": \"Delay0\", \"latency_type\": \"avg_read\", \"latency_us\": 100}")
                        .handledBy(this::update),
                Operation.named("bdev_delay_delete", DeleteParams.class)
                        .describedAs(
                                "Deletes a delay bdev and its definition; the base stays. Answers when everybody has"
                                        + " closed the bdev.")
                        .changingConfiguration()
                        .example("{\"name\": \"Delay0\"}")
                        .handledBy(this::delete));
    }

    @Override
    public List<ConfigEntry> configuration() {
        return delays.definitions().stream()
                .flatMap(delay -> delay.configuration().stream())
                .toList();
    }

    @Override
    public void examineConfig(Bdev bdev) {
        delays.examineConfig(bdev);
    }

    @Override
    public void restore(Bdev bdev) {
        delays.restore(bdev);
    }

    private CompletionStage<String> create(CreateParams p) {
        refuseBelowAverage(p.name, "read", p.avgReadLatency, p.p99ReadLatency);
        refuseBelowAverage(p.name, "write", p.avgWriteLatency, p.p99WriteLatency);
        Latencies latencies = new Latencies(p.avgReadLatency, p.p99ReadLatency, p.avgWriteLatency, p.p99WriteLatency);
        return delays.create(new Delay(p.name, p.baseBdevName, p.uuid, latencies))
                .thenApply(bdevs -> p.name);
    }

    private static void refuseBelowAverage(String name, String type, long avg, long p99) {
        if (p99 < avg) {
            throw new BdevException(
                    Errno.EINVAL,
                    "delay '" + name + "': p99_" + type + "_latency " + p99 + " us is less than avg_" + type
                            + "_latency " + avg + " us");
        }
    }

    private CompletionStage<Boolean> update(UpdateParams p) {
        Delay delay = find(p.delayBdevName);
        delay.update(p.latencyType, p.latencyUs);
        return CompletableFuture.completedFuture(true);
    }

    /** Finds a definition by its name, or by whatever its bdev is called if it is there. */
    private Delay find(String name) {
        Optional<Bdev> there = host.find(name);
        String key = there.map(Bdev::name).orElse(name);
        return delays.definitions().stream()
                .filter(delay -> delay.key().equals(key))
                .findFirst()
                .orElseThrow(() -> there.map(other -> new OperationException(
                                INVALID_REQUEST,
                                "The requested bdev is not a delay bdev. '" + name + "' belongs to module "
                                        + other.moduleName(),
                                Map.of("errno", Errno.EINVAL.name(), "bdev", name, "module", other.moduleName())))
                        .orElseGet(() -> new OperationException(
                                Operation.INVALID_PARAMS,
                                "The requested bdev does not exist. There is no delay '" + name + "'",
                                Map.of("errno", Errno.ENODEV.name(), "bdev", name))));
    }

    private CompletionStage<Boolean> delete(DeleteParams p) {
        CompletionStage<Void> gone = delays.has(p.name) ? delays.delete(p.name) : host.delete(p.name);
        return gone.thenApply(done -> true);
    }

    record CreateParams(
            @Param(value = "Name, alias or UUID of the base.", names = Param.Names.BDEV) String baseBdevName,
            @Param("Name of the new bdev.") String name,
            @Param(value = "How long most reads are held, in microseconds.", max = Latencies.LONGEST)
                    long avgReadLatency,
            @Param(
                            value =
                                    "How long one read in a hundred is held, in microseconds; not less than the average.",
                            max = Latencies.LONGEST)
                    long p99ReadLatency,
            @Param(value = "How long most writes are held, in microseconds.", max = Latencies.LONGEST)
                    long avgWriteLatency,
            @Param(
                            value =
                                    "How long one write in a hundred is held, in microseconds; not less than the average.",
                            max = Latencies.LONGEST)
                    long p99WriteLatency,
            @Param("Its UUID. Without it one is derived from the base's.") Optional<UUID> uuid) {}

    record UpdateParams(
            @Param(value = "Name of the delay bdev.", names = Param.Names.BDEV) String delayBdevName,
            @Param("Which latency.") Latencies.Kind latencyType,
            @Param(value = "The latency in microseconds.", max = Latencies.LONGEST) long latencyUs) {}

    record DeleteParams(@Param(value = "Name of the delay bdev.", names = Param.Names.BDEV) String name) {}
}
