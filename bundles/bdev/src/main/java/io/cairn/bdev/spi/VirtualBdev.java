package io.cairn.bdev.spi;

import io.cairn.bdev.BdevChannel;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A bdev on one base, as a {@link VirtualDefinition} declares it.
 *
 * @param spec what is registered
 * @param channels makes its channel of a reactor from the base's channel there, which it then owns and closes
 * @param driverSpecific SPDK's {@code driver_specific}: plain values in order, asked for each time on the app thread
 */
public record VirtualBdev(
        BdevSpec spec, Function<BdevChannel, BackendChannel> channels, Supplier<Map<String, Object>> driverSpecific) {
    /** Makes one whose {@code driver_specific} never changes. */
    public VirtualBdev(
            BdevSpec spec, Function<BdevChannel, BackendChannel> channels, Map<String, Object> driverSpecific) {
        this(spec, channels, () -> driverSpecific);
    }
}
