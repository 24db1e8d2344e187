package io.cairn.module.delay;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.DerivedUuid;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.spi.VirtualBdev;
import io.cairn.bdev.spi.VirtualDefinition;
import io.cairn.operations.ConfigEntry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** A delay bdev as its user defined it, with its latencies as they are now: set on the app thread, read on all reactors. */
final class Delay implements VirtualDefinition {
    /** The name space that SPDK derives the UUIDs of delay bdevs in. */
    private static final UUID NAMESPACE = UUID.fromString("4009b574-6430-4f1b-bc40-ace811091027");

    private final String name;
    private final String baseName;
    private final Optional<UUID> uuid;
    private volatile Latencies latencies;

    /**
     * Makes a definition.
     *
     * @param baseName the base's name, alias or UUID, as it was given
     * @param uuid the bdev's UUID if one was given; else it is derived from the base's
     */
    Delay(String name, String baseName, Optional<UUID> uuid, Latencies latencies) {
        this.name = name;
        this.baseName = baseName;
        this.uuid = uuid;
        this.latencies = latencies;
    }

    @Override
    public String key() {
        return name;
    }

    @Override
    public String baseName() {
        return baseName;
    }

    Latencies latencies() {
        return latencies;
    }

    /** Sets one latency for all I/O whose base is done with it from now on. App thread. */
    void update(Latencies.Kind kind, long micros) {
        latencies = latencies.with(kind, micros);
    }

    @Override
    public List<VirtualBdev> bdevs(Bdev base) {
        BdevSpec spec = BdevSpec.over(base, name, "delay", ForwardingChannel.TYPES)
                .withUuid(uuid.orElseGet(() -> DerivedUuid.of(NAMESPACE, base.uuid())));
        String nameOfBase = base.name();
        return List.of(new VirtualBdev(
                spec, channel -> new DelayChannel(channel, this), () -> Map.of("delay", described(nameOfBase))));
    }

    private Map<String, Object> described(String nameOfBase) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("name", name);
        all.put("base_bdev_name", nameOfBase);
        uuid.ifPresent(given -> all.put("uuid", given.toString()));
        all.putAll(latencies.described());
        return all;
    }

    /** Returns the calls that make this definition again. */
    List<ConfigEntry> configuration() {
        Latencies now = latencies;
        // a creation refuses a p99 below the average, an update does not
        Latencies creatable = new Latencies(
                now.avgRead(),
                Math.max(now.avgRead(), now.p99Read()),
                now.avgWrite(),
                Math.max(now.avgWrite(), now.p99Write()));
        List<ConfigEntry> calls = new ArrayList<>();
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("base_bdev_name", baseName);
        params.put("name", name);
        params.putAll(creatable.described());
        uuid.ifPresent(given -> params.put("uuid", given.toString()));
        calls.add(new ConfigEntry("bdev_delay_create", params));
        if (creatable.p99Read() != now.p99Read()) {
            calls.add(updating(Latencies.Kind.P99_READ, now.p99Read()));
        }
        if (creatable.p99Write() != now.p99Write()) {
            calls.add(updating(Latencies.Kind.P99_WRITE, now.p99Write()));
        }
        return calls;
    }

    private ConfigEntry updating(Latencies.Kind kind, long micros) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("delay_bdev_name", name);
        params.put("latency_type", kind.name().toLowerCase(Locale.ROOT));
        params.put("latency_us", micros);
        return new ConfigEntry("bdev_delay_update_latency", params);
    }
}
