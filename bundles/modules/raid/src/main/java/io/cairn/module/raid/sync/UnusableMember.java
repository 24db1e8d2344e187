package io.cairn.module.raid.sync;

import io.cairn.reactor.Errno;
import io.cairn.reactor.HasErrno;

/** A member does not do what an array needs of it before it is online. The array may do without it. */
public final class UnusableMember extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int slot;
    private final Errno errno;

    /**
     * Makes one.
     *
     * @param slot the member's
     * @param errno what it answered
     * @param why names the bdev
     */
    public UnusableMember(int slot, Errno errno, String why) {
        super(why);
        this.slot = slot;
        this.errno = errno;
    }

    /** Says that a member could not be read. */
    static UnusableMember unread(int slot, Throwable failure) {
        UnusableMember unread = new UnusableMember(
                slot, failure instanceof HasErrno known ? known.errno() : Errno.EIO, failure.getMessage());
        unread.initCause(failure);
        return unread;
    }

    /** Returns the slot that it is in. */
    public int slot() {
        return slot;
    }

    /** Returns what it answered. */
    public Errno errno() {
        return errno;
    }
}
