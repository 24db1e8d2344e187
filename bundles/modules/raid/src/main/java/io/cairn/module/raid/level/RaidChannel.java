package io.cairn.module.raid.level;

import io.cairn.bdev.spi.BackendChannel;

/**
 * An array's channel on one reactor, as the array drives it (through {@link ArrayChannels}). Everything on the channel's reactor; what
 * answers a Runnable answers it exactly once, at once or later; what has not been answered when the channel is closed is answered then.
 */
public abstract class RaidChannel extends BackendChannel {
    /**
     * Adopts a layout: opens channels to members that are new, stops using those that are gone, whose I/O is given up.
     *
     * @param next the layout; not older than the present one
     * @param adopted run when no I/O of this channel is out at a member that is gone or was replaced, and its channel is closed
     */
    public abstract void adopt(Layout next, Runnable adopted);

    /**
     * Tells whether the channel of another reactor may still use an older layout than this one: a change that a member missed which is gone
     * here is kept until that is over.
     */
    public abstract void spreading(boolean underWay);

    /** A member that was reported as failed is the last that holds the data: it stays, and what waited for its failure fails. */
    public abstract void failureRefused(int slot);

    /**
     * Keeps all changes of some rows back that arrive from now on; one range at a time. A channel that is opened while a range is locked
     * is told before its first I/O.
     *
     * @param locked run when no change that began before is out, of whatever rows
     */
    public abstract void lock(long row, long rows, Runnable locked);

    /**
     * Tells when changes have ended; keeps nothing back.
     *
     * @param ended run when no change that has begun before this call is out
     */
    public abstract void whenChangesEnded(Runnable ended);

    /** Lets go what was kept back, in order. Harmless if nothing is locked. */
    public abstract void unlock();

    /** The intent to change these rows is on disk: what waited for it goes on. */
    public abstract void intended(long row, long rows);

    /**
     * Forgets which intents are on disk, as far as this channel has not used them since the last call and has no change out there; from then
     * on it asks again. For those that are to be taken back from disk.
     *
     * @param busy gets the regions that this channel still counts on or waits for
     */
    public abstract void forgetIntents(RegionSet busy);

    /**
     * Tells which rows the members do not agree on yet: one member alone is read there, and nothing is reconstructed.
     *
     * @param regions shared by all channels and the array: the channels add what they suspect, it shrinks as rows are synchronised; covers
     *     all rows of the layout. Null (a level without redundancy): there are none
     */
    public abstract void unsynced(RegionSet regions);

    /** Tells which rows of members are lost: they are not read. Default: of this level nothing is lost. */
    public void lost(LostRows rows) {}

    /**
     * Answers {@link ArrayControl#rewritten}: the changes of just these rows end that were kept for it. Default: nothing is kept.
     *
     * @param recorded whether the rows are not lost any more, as every channel knows by now; else the changes fail
     */
    public void rewriteRecorded(long row, long rows, boolean recorded) {}
}
