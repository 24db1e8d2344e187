package io.cairn.module.raid.array;

import io.cairn.module.raid.format.SuperblockRead;
import java.util.Optional;

/** What stands against writing to a bdev: somebody's superblock. */
final class Foreign {
    private Foreign() {}

    /** Says what is where a superblock would be; empty if it may be written there. */
    static Optional<String> what(SuperblockRead read) {
        if (read instanceof SuperblockRead.Found found) {
            return Optional.of("the superblock of raid bdev '"
                    + found.superblock().name() + "' (" + found.superblock().uuid() + ")");
        }
        if (read instanceof SuperblockRead.Refused refused) {
            return Optional.of("a superblock that cannot be used: " + refused.message());
        }
        return Optional.empty();
    }
}
