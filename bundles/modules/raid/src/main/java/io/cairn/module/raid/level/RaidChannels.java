package io.cairn.module.raid.level;

/** Makes the channels of each level, and the contexts that their I/O objects need. */
public final class RaidChannels {
    private RaidChannels() {}

    /**
     * Makes a channel, on its reactor.
     *
     * @throws io.cairn.bdev.BdevException a member has no channel for it; nothing is left behind. On a redundant level a member that is being
     *     removed is no reason
     */
    static RaidChannel open(Layout layout, ChannelSettings settings, Opening opening) {
        return switch (layout.shape().level()) {
            case RAID0 -> new StripedChannel(layout, settings, opening);
            case CONCAT -> new ConcatChannel(layout, settings, opening);
            case RAID1 -> new MirrorChannel(layout, settings, opening);
            case RAID5F -> new ParityChannel(layout, settings, opening);
        };
    }

    /** Makes what the array's {@code BdevBackend.newIoContext} returns. On any reactor. */
    public static Object newIoContext(Shape shape) {
        return new RaidIo(shape.members().size());
    }
}
