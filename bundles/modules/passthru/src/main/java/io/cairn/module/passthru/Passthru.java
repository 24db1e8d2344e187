package io.cairn.module.passthru;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.DerivedUuid;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.spi.VirtualBdev;
import io.cairn.bdev.spi.VirtualDefinition;
import io.cairn.operations.ConfigEntry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * A passthru bdev as its user defined it.
 *
 * @param name the bdev's name
 * @param baseName the base's name, alias or UUID, as it was given
 * @param uuid the bdev's UUID if one was given; else it is derived from the base's
 */
record Passthru(String name, String baseName, Optional<UUID> uuid) implements VirtualDefinition {
    /** The name space that SPDK derives the UUIDs of passthru bdevs in. */
    private static final UUID NAMESPACE = UUID.fromString("7e25812e-c8c0-4d3f-8599-16d790555b85");

    @Override
    public String key() {
        return name;
    }

    @Override
    public List<VirtualBdev> bdevs(Bdev base) {
        BdevSpec spec = BdevSpec.over(base, name, "passthru", ForwardingChannel.TYPES)
                .withUuid(uuid.orElseGet(() -> DerivedUuid.of(NAMESPACE, base.uuid())));
        Map<String, Object> driverSpecific = new LinkedHashMap<>();
        driverSpecific.put("name", name);
        driverSpecific.put("base_bdev_name", base.name());
        return List.of(new VirtualBdev(spec, ForwardingChannel::new, Map.of("passthru", driverSpecific)));
    }

    /** Returns the call that makes this definition again. */
    ConfigEntry configuration() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", name);
        params.put("base_bdev_name", baseName);
        uuid.ifPresent(given -> params.put("uuid", given.toString()));
        return new ConfigEntry("bdev_passthru_create", params);
    }
}
