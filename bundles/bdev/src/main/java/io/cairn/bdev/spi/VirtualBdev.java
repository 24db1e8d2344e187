package io.cairn.bdev.spi;

import io.cairn.bdev.BdevChannel;
import java.util.Map;
import java.util.function.Function;

/**
 * A bdev on one base, as a {@link VirtualDefinition} declares it.
 *
 * @param spec what is registered
 * @param channels makes its channel of a reactor from the base's channel there, which it then owns and closes
 * @param driverSpecific SPDK's {@code driver_specific}: plain values in order
 */
public record VirtualBdev(
        BdevSpec spec, Function<BdevChannel, BackendChannel> channels, Map<String, Object> driverSpecific) {}
