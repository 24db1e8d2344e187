package io.cairn.module.split;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.DerivedUuid;
import io.cairn.bdev.spi.FirstSize;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.spi.PartChannel;
import io.cairn.bdev.spi.VirtualBdev;
import io.cairn.bdev.spi.VirtualDefinition;
import io.cairn.operations.ConfigEntry;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** A division as its user defined it, and the size of the base that was divided: parts stay where they are when it grows. App thread. */
final class Split implements VirtualDefinition {
    /** More parts than this are a mistake: each is a bdev with its channels, and the answer names them all. */
    static final long MOST_PARTS = 4096;

    private static final long MIB = 1 << 20;

    private final String baseName;
    private final long count;
    private final long sizeMib;
    private final FirstSize firstSize = new FirstSize();

    private Split(String baseName, long count, long sizeMib) {
        this.baseName = baseName;
        this.count = count;
        this.sizeMib = sizeMib;
    }

    /**
     * Makes a definition from what a user gave.
     *
     * @param baseName the base's name, alias or UUID, as it was given
     * @param count the number of parts that are wanted
     * @param sizeMib the size of each in MiB; 0: equal shares
     * @throws BdevException EINVAL there would be no part, or its size does not fit 63 bits
     */
    static Split of(String baseName, long count, long sizeMib) {
        if (count < 1) {
            throw invalid("split_count must be at least 1");
        }
        if (sizeMib > Long.MAX_VALUE / MIB) {
            throw invalid("split_size_mb " + sizeMib + " is more than 2^63 bytes");
        }
        return new Split(baseName, count, sizeMib);
    }

    @Override
    public String key() {
        return baseName;
    }

    @Override
    public String baseName() {
        return baseName;
    }

    /** Returns the base's size that is divided: for the next module, and from the one before. */
    FirstSize firstSize() {
        return firstSize;
    }

    @Override
    public List<String> names() {
        return LongStream.range(0, Math.min(count, MOST_PARTS))
                .mapToObj(i -> baseName + "p" + i)
                .toList();
    }

    @Override
    public BaseLink take(BdevHost host, BdevEventListener listener) {
        return BaseLink.exclusive(host, baseName, "split of " + baseName, listener);
    }

    /** Parts keep their size: what a grown base has more belongs to no part. */
    @Override
    public boolean followsResize() {
        return false;
    }

    @Override
    public List<VirtualBdev> bdevs(Bdev base) {
        long divided = firstSize.of(base);
        long partBlocks = partBlocks(base, divided);
        long fitting = Math.min(count, divided / partBlocks);
        if (fitting > MOST_PARTS) {
            throw invalid(fitting + " parts are more than the " + MOST_PARTS + " that one bdev can be divided into");
        }
        firstSize.keep(base);
        List<VirtualBdev> parts = new ArrayList<>();
        for (int i = 0; i < fitting; i++) {
            parts.add(part(base, i, i * partBlocks, partBlocks));
        }
        return parts;
    }

    private long partBlocks(Bdev base, long divided) {
        long blocks = sizeMib == 0 ? divided / count : sizeMib * MIB / base.blockSize();
        if (sizeMib != 0 && sizeMib * MIB % base.blockSize() != 0) {
            throw invalid("split_size_mb " + sizeMib + " is no multiple of the base's block size " + base.blockSize());
        }
        // a part begins and ends where the base can write
        long unit = Math.max(1, base.limits().writeUnitBlocks());
        blocks -= blocks % unit;
        if (blocks < 1 || blocks > divided) {
            throw invalid("the base has " + divided + " blocks of " + base.blockSize() + " bytes, which is not"
                    + " enough for one part of "
                    + (sizeMib == 0 ? count + " equal ones" : sizeMib + " MiB"));
        }
        return blocks;
    }

    private VirtualBdev part(Bdev base, int index, long firstBlock, long numBlocks) {
        BdevSpec spec = BdevSpec.over(base, base.name() + "p" + index, "Split Disk", ForwardingChannel.TYPES)
                .withNumBlocks(numBlocks)
                .withLimits(limits(base.limits(), firstBlock))
                .withUuid(DerivedUuid.ofPart(base.uuid(), firstBlock, numBlocks));
        Map<String, Object> driverSpecific = new LinkedHashMap<>();
        driverSpecific.put("base_bdev", base.name());
        driverSpecific.put("offset_blocks", firstBlock);
        return new VirtualBdev(
                spec, channel -> new PartChannel(channel, firstBlock, numBlocks), Map.of("split", driverSpecific));
    }

    /** A boundary of the base is one of the part only if the part begins at one; the base splits at it in any case. */
    private static IoLimits limits(IoLimits base, long firstBlock) {
        boolean aligned = base.optimalIoBoundary() == 0 || firstBlock % base.optimalIoBoundary() == 0;
        return aligned
                ? base
                : new IoLimits(
                        base.physicalBlockSize(),
                        base.requiredAlignment(),
                        0,
                        false,
                        base.writeUnitBlocks(),
                        base.maxReadWriteBlocks(),
                        base.maxSegments(),
                        base.maxUnmapBlocks(),
                        base.maxWriteZeroesBlocks(),
                        base.maxCopyBlocks(),
                        base.preferredWriteAlignment(),
                        base.preferredWriteGranularity(),
                        base.optimalWriteSize(),
                        base.preferredUnmapAlignment(),
                        base.preferredUnmapGranularity());
    }

    /** Returns the call that makes this definition again. */
    ConfigEntry configuration() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("base_bdev", baseName);
        params.put("split_count", count);
        params.put("split_size_mb", sizeMib);
        return new ConfigEntry("bdev_split_create", params);
    }

    private static BdevException invalid(String cause) {
        return new BdevException(Errno.EINVAL, cause);
    }
}
