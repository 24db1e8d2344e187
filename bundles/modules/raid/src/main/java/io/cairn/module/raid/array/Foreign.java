package io.cairn.module.raid.array;

import io.cairn.bdev.BdevException;
import io.cairn.module.raid.format.SuperblockRead;
import io.cairn.reactor.Errno;
import java.util.Optional;

/** What stands against writing to a bdev: somebody's superblock. */
final class Foreign {
    private Foreign() {}

    /** Returns whether something failed because of what is on a bdev; what failed may be null, if nothing did. */
    static boolean isCause(Throwable failure) {
        return failure != null
                && Stages.cause(failure) instanceof BdevException refusal
                && refusal.errno() == Errno.EEXIST;
    }

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
