package io.cairn.module.aio;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** A file behind a bdev: its channels and its end. */
final class FileBackend implements BdevBackend {
    private final Reactors reactors;
    private final FileSettings settings;
    private final OpenFile file;
    private final int blockSize;
    private final Runnable onDestruct;

    /** By reactor; each place is touched on its reactor only. */
    private final FileIoChannel<?>[] channels;

    /**
     * Makes the backend of an open file, which it closes at its end.
     *
     * @param onDestruct runs on the app thread when the bdev is gone, before the file is closed
     */
    FileBackend(Reactors reactors, FileSettings settings, OpenFile file, int blockSize, Runnable onDestruct) {
        this.reactors = reactors;
        this.settings = settings;
        this.file = file;
        this.blockSize = blockSize;
        this.onDestruct = onDestruct;
        this.channels = new FileIoChannel<?>[reactors.all().size()];
    }

    @Override
    public BackendChannel openChannel(Reactor reactor) {
        FileIoChannel<?> channel = file.openChannel(reactor, blockSize, this);
        channels[reactor.index()] = channel;
        return channel;
    }

    /** A channel has closed; on its reactor. */
    void channelClosed(Reactor reactor) {
        channels[reactor.index()] = null;
    }

    /** Serves a RESET: cancels what is out on every reactor and completes when all of it has ended. On the I/O's reactor. */
    void reset(BdevIo io) {
        Reactor origin = io.reactor();
        int[] left = {channels.length};
        Runnable drained = () -> {
            if (--left[0] == 0) {
                io.complete(IoStatus.SUCCESS);
            }
        };
        Runnable tell = () -> origin.execute(drained);
        for (Reactor reactor : reactors.all()) {
            reactor.execute(() -> {
                FileIoChannel<?> channel = channels[reactor.index()];
                if (channel == null) {
                    tell.run();
                } else {
                    channel.drain(tell);
                }
            });
        }
    }

    @Override
    public CompletionStage<Void> destruct() {
        onDestruct.run();
        return file.close();
    }

    @Override
    public Map<String, Object> driverSpecific() {
        return settings.describe(file);
    }
}
