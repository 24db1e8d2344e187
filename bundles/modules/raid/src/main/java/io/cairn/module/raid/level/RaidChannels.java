package io.cairn.module.raid.level;

import io.cairn.reactor.Reactor;
import java.util.concurrent.atomic.AtomicLong;

/** Makes the channels of each level, and the contexts that their I/O objects need. */
public final class RaidChannels {
    private RaidChannels() {}

    /**
     * Makes a channel, on its reactor.
     *
     * @param ios counts the I/Os that the channel is given
     * @param closed run at the end of the call that closes it
     * @throws io.cairn.bdev.BdevException a member has no channel for it; nothing is left behind. On a redundant level a member that is being
     *     removed is no reason
     */
    public static RaidChannel open(
            Layout layout, ChannelSettings settings, Reactor reactor, AtomicLong ios, Runnable closed) {
        return switch (layout.shape().level()) {
            case RAID0 -> new StripedChannel(layout, settings, reactor, ios, closed);
            case CONCAT -> new ConcatChannel(layout, settings, reactor, ios, closed);
            case RAID1 -> new MirrorChannel(layout, settings, reactor, ios, closed);
            case RAID5F -> new ParityChannel(layout, settings, reactor, ios, closed);
        };
    }

    /** Makes what the array's {@code BdevBackend.newIoContext} returns. On any reactor. */
    public static Object newIoContext(Shape shape) {
        return new RaidIo(shape.members().size());
    }
}
