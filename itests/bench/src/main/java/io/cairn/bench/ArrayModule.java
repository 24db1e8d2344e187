package io.cairn.bench;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.module.raid.level.ArrayChannels;
import io.cairn.module.raid.level.ArrayControl;
import io.cairn.module.raid.level.ChannelSettings;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidChannels;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.RaidLimits;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.level.Shape;
import io.cairn.reactor.Reactor;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Arrays that nothing happens to: the I/O path of module raid as it is, with members that are given. A failure of a member is not expected. */
final class ArrayModule implements BdevModule {
    private BdevHost host;

    @Override
    public String name() {
        return "array";
    }

    @Override
    public void init(BdevHost core) {
        host = core;
    }

    /** Makes an array. App thread. */
    CompletionStage<Bdev> create(String name, RaidLevel level, long stripBlocks, List<String> bases) {
        List<BaseLink> links = bases.stream()
                .map(base -> BaseLink.exclusive(host, base, name, (event, descriptor) -> {}))
                .toList();
        List<Bdev> members = links.stream().map(BaseLink::base).toList();
        Shape shape = new Shape(
                level,
                members.get(0).blockSize(),
                stripBlocks,
                members.stream()
                        .map(member -> new Shape.Extent(0, member.numBlocks()))
                        .toList());
        Layout layout = new Layout(
                1,
                shape,
                links.stream()
                        .map(link -> new Layout.Slot(MemberRole.IN_SYNC, link))
                        .toList());
        BdevSpec spec = new BdevSpec(
                name,
                List.of(),
                Optional.empty(),
                "Raid Volume",
                shape.blockSize(),
                shape.numBlocks(),
                RaidLimits.limits(shape, members),
                RaidLimits.hasWriteCache(shape.level(), members),
                RaidLimits.types(shape.level(), members),
                bases);
        RegionSet unsynced = level.isRedundant() ? new RegionSet(shape.rows(), 1 << 10) : null;
        ArrayChannels channels =
                new ArrayChannels(host.reactors(), ChannelSettings.of(new Unexpected()), layout, unsynced);
        return host.register(spec, new Array(layout, links, channels));
    }

    private record Array(Layout layout, List<BaseLink> links, ArrayChannels channels) implements BdevBackend {
        @Override
        public BackendChannel openChannel(Reactor reactor) {
            return channels.open(reactor);
        }

        @Override
        public Object newIoContext() {
            return RaidChannels.newIoContext(layout.shape());
        }

        @Override
        public CompletionStage<Void> destruct() {
            links.forEach(BaseLink::close);
            return CompletableFuture.completedFuture(null);
        }
    }

    private static final class Unexpected implements ArrayControl {
        @Override
        public void memberFailed(int slot, IoType type, IoStatus status) {
            throw unexpected(type + " on slot " + slot + ": " + status);
        }

        @Override
        public void readError(int slot, long row, long rows, boolean recovered, IoStatus status) {
            throw unexpected("a read on slot " + slot + ": " + status);
        }

        @Override
        public void suspect(long row, long rows) {
            throw unexpected(rows + " rows at " + row + " in doubt");
        }

        @Override
        public void intend(long row, long rows) {
            throw unexpected("an intent");
        }

        private static IllegalStateException unexpected(String what) {
            return new IllegalStateException("not expected in a measurement: " + what);
        }
    }
}
