package io.cairn.example.readonly;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.ClaimType;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.spi.VirtualBdev;
import io.cairn.bdev.spi.VirtualDefinition;
import io.cairn.operations.ConfigEntry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * A read-only bdev as its user defined it. It stays when the base goes, and is built again when the base returns.
 *
 * @param name the bdev's name
 * @param baseName the base's name, alias or UUID, as it was given
 * @param uuid the bdev's UUID
 */
record Readonly(String name, String baseName, UUID uuid) implements VirtualDefinition {
    /**
     * What is passed on, if the base offers it too. Everything else is refused by the core before it comes here: a module
     * lists what it can do, and a type that is invented tomorrow is not on the list. RESET is not, because it would end
     * the I/O of others who share the base.
     */
    private static final Set<IoType> TYPES = Set.of(IoType.READ, IoType.FLUSH);

    @Override
    public String key() {
        return name;
    }

    /**
     * Opens and claims the base. An exclusive claim is what a module takes that writes; this one only wants that nobody does,
     * and does not mind others who read.
     *
     * <p>If the claim is refused, the link has closed the descriptor again. What was taken is given back in reverse order:
     * the claim, then the descriptor, when the bdev is gone.
     */
    @Override
    public BaseLink take(BdevHost host, BdevEventListener listener) {
        return BaseLink.shared(host, baseName, name, listener, ClaimType.READ_MANY_WRITE_NONE, ReadonlyModule.NAME, 0);
    }

    /**
     * Declares the bdev: size, limits and the like are the base's. For each reactor that does I/O the bdev gets a channel, which
     * here does nothing but pass on: each I/O becomes a new one to the base (never the same object), and ends as that ends.
     */
    @Override
    public List<VirtualBdev> bdevs(Bdev base) {
        return List.of(new VirtualBdev(
                BdevSpec.over(base, name, "readonly", TYPES).withUuid(uuid),
                ForwardingChannel::new,
                Map.of("readonly", Map.of("base_bdev_name", base.name()))));
    }

    /** Returns the call that makes this definition again. */
    ConfigEntry configuration() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", name);
        params.put("base_bdev_name", baseName);
        params.put("uuid", uuid.toString());
        return new ConfigEntry("bdev_readonly_create", params);
    }
}
