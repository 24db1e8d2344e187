package io.cairn.export.nbd;

import io.cairn.bdev.BdevException;
import io.cairn.export.nbd.protocol.Nbd;
import io.cairn.reactor.Errno;
import java.nio.charset.StandardCharsets;

/**
 * What the user asked to be exported.
 *
 * @param name what clients ask for
 * @param bdevName name, alias or UUID of the bdev, which need not be there yet
 * @param readOnly whether clients may only read
 */
record ExportDefinition(String name, String bdevName, boolean readOnly) {
    /** Checks the names. */
    ExportDefinition {
        if (bdevName.isEmpty()) {
            throw new BdevException(Errno.EINVAL, "NBD export " + name + ": bdev_name is empty");
        }
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > Nbd.MAX_STRING || name.chars().anyMatch(Character::isISOControl)) {
            throw new BdevException(
                    Errno.EINVAL,
                    "NBD export of bdev " + bdevName + ": export_name must have 1 to " + Nbd.MAX_STRING
                            + " bytes and no control characters, not " + length + " bytes");
        }
    }

    /** Returns how messages name it, and who it is for others that want the bdev. */
    String holder() {
        return "nbd export " + name;
    }
}
