package io.cairn.module.aio;

import io.cairn.bdev.BdevException;
import io.cairn.operations.ConfigEntry;
import io.cairn.reactor.Errno;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * What a user asked for when creating a bdev on a file.
 *
 * @param flavour under which of SPDK's names
 * @param name the bdev's name
 * @param filename the file or block device, as given
 * @param blockSize bytes; 0: found out
 * @param readonly whether the file is opened for reading only
 * @param fallocate whether UNMAP and WRITE_ZEROES punch holes
 * @param nowait SPDK's flag, kept and shown; io_uring never blocks the submitter, so it changes nothing here
 * @param uuid the identity, once it is known
 */
record FileSettings(
        Flavour flavour,
        String name,
        String filename,
        int blockSize,
        boolean readonly,
        boolean fallocate,
        boolean nowait,
        Optional<UUID> uuid) {

    /** Throws EINVAL for what can be refused without looking at the file. */
    void check() {
        if (filename.isEmpty()) {
            throw new BdevException(Errno.EINVAL, "bdev " + name + ": the file name is empty");
        }
        if (blockSize != 0 && (blockSize < BlockGeometry.SMALLEST_BLOCK || Integer.bitCount(blockSize) != 1)) {
            throw new BdevException(
                    Errno.EINVAL,
                    "bdev " + name + ": block size " + blockSize + " is not a power of two of at least "
                            + BlockGeometry.SMALLEST_BLOCK);
        }
    }

    /** Returns the same with a UUID. */
    FileSettings withUuid(UUID known) {
        return new FileSettings(flavour, name, filename, blockSize, readonly, fallocate, nowait, Optional.of(known));
    }

    /** Returns the operation that creates this bdev again, with its UUID: SPDK's would get a new one at every start. */
    ConfigEntry toConfiguration() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", name);
        if (blockSize != 0) {
            params.put("block_size", blockSize);
        }
        params.put("filename", filename);
        if (flavour == Flavour.AIO) {
            params.put("readonly", readonly);
            params.put("fallocate", fallocate);
        }
        uuid.ifPresent(known -> params.put("uuid", known.toString()));
        if (flavour == Flavour.AIO) {
            params.put("nowait", nowait);
        }
        return new ConfigEntry(flavour == Flavour.AIO ? "bdev_aio_create" : "bdev_uring_create", params);
    }

    /** Returns SPDK's {@code driver_specific}, and after SPDK's keys what this engine found. */
    Map<String, Object> describe(OpenFile file) {
        Map<String, Object> inner = new LinkedHashMap<>();
        inner.put("filename", filename);
        if (flavour == Flavour.AIO) {
            inner.put("block_size_override", blockSize != 0);
            inner.put("readonly", readonly);
            inner.put("fallocate", fallocate && file.punchesHoles());
            inner.put("nowait", nowait);
        }
        inner.put("direct", file.direct());
        inner.put("engine", file.engineName());
        return Map.of(flavour == Flavour.AIO ? "aio" : "uring", inner);
    }
}
