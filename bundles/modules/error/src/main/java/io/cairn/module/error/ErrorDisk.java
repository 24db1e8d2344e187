package io.cairn.module.error;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.DerivedUuid;
import io.cairn.bdev.spi.FirstSize;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.spi.VirtualBdev;
import io.cairn.bdev.spi.VirtualDefinition;
import io.cairn.operations.ConfigEntry;
import io.cairn.reactor.IoBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * An error bdev as its user defined it, with the faults that are set: on the app thread, while all reactors look. Faults stay until
 * they are used up or cleared, also while the base is away.
 */
final class ErrorDisk implements VirtualDefinition {
    private final String baseName;
    private final Optional<UUID> uuid;
    private final IoBuffer everyByte;
    private final FirstSize firstSize = new FirstSize();
    private final AtomicReferenceArray<Fault> faults = new AtomicReferenceArray<>(IoType.values().length);
    private final Set<ErrorChannel> channels = ConcurrentHashMap.newKeySet();

    /**
     * Makes a definition without faults.
     *
     * @param baseName the base's name, alias or UUID, as it was given
     * @param uuid the bdev's UUID if one was given; else it is derived from the base's
     * @param everyByte 256 bytes, each of its place's value; never changed
     */
    ErrorDisk(String baseName, Optional<UUID> uuid, IoBuffer everyByte) {
        this.baseName = baseName;
        this.uuid = uuid;
        this.everyByte = everyByte;
    }

    static String nameOver(String baseName) {
        return "EE_" + baseName;
    }

    @Override
    public String key() {
        return nameOver(baseName);
    }

    @Override
    public String baseName() {
        return baseName;
    }

    @Override
    public List<VirtualBdev> bdevs(Bdev base) {
        firstSize.keep(base);
        BdevSpec spec = BdevSpec.over(base, key(), "Error Injection Disk", ForwardingChannel.TYPES)
                .withUuid(uuid.orElseGet(() -> DerivedUuid.ofPart(base.uuid(), 0, firstSize.of(base))));
        return List.of(new VirtualBdev(
                spec,
                channel -> new ErrorChannel(channel, this, everyByte),
                Map.of("error_disk", Map.of("base_bdev", base.name()))));
    }

    /** Returns the call that makes this definition again; faults are not saved. */
    ConfigEntry configuration() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("base_name", baseName);
        uuid.ifPresent(given -> params.put("uuid", given.toString()));
        return new ConfigEntry("bdev_error_create", params);
    }

    /** Returns the base's size that the UUID is derived from: for the next module, and from the one before. */
    FirstSize firstSize() {
        return firstSize;
    }

    // ---- faults ----

    /** Returns what is to happen to I/O of a type; null: nothing. From any reactor. */
    Fault fault(IoType type) {
        return faults.get(type.index());
    }

    /** Sets what is to happen to I/O of a type, instead of what was set before. App thread. */
    void inject(IoType type, Fault fault) {
        faults.set(type.index(), fault);
    }

    /** Takes all faults away and lets go on what was kept; completes when it does. App thread. */
    CompletionStage<Void> clear() {
        for (IoType type : IoType.values()) {
            faults.set(type.index(), null);
        }
        return resumeChannels();
    }

    /** Lets go on what was kept, and keeps no more; completes when it does. App thread. */
    CompletionStage<Void> resumePending() {
        for (IoType type : IoType.values()) {
            Fault fault = fault(type);
            if (fault != null && fault.kind() == Fault.Kind.PENDING) {
                faults.set(type.index(), null);
            }
        }
        return resumeChannels();
    }

    /** One I/O that was kept goes back to where it came from: it does not count, so that it is kept if it comes again. */
    void keepsNoMore(IoType type) {
        Fault fault = fault(type);
        if (fault != null && fault.kind() == Fault.Kind.PENDING) {
            fault.giveBack();
        }
    }

    /** Returns the faults that are left, for the next module: by the name of the type. App thread. */
    Map<String, Object> faults() {
        Map<String, Object> all = new LinkedHashMap<>();
        for (IoType type : IoType.values()) {
            Fault fault = fault(type);
            if (fault != null) {
                all.put(type.name(), fault.plain());
            }
        }
        return all;
    }

    /** Sets what {@link #faults} told. App thread. */
    void setFaults(Map<?, ?> all) {
        for (IoType type : IoType.values()) {
            if (all.get(type.name()) instanceof Map<?, ?> plain) {
                inject(type, Fault.of(plain));
            }
        }
    }

    private CompletionStage<Void> resumeChannels() {
        return CompletableFuture.allOf(channels.stream()
                .map(channel -> CompletableFuture.runAsync(channel::resume, channel.reactor()))
                .toArray(CompletableFuture[]::new));
    }

    // ---- channels: from any reactor ----

    void opened(ErrorChannel channel) {
        channels.add(channel);
    }

    void closed(ErrorChannel channel) {
        channels.remove(channel);
    }
}
