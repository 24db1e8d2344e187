package io.cairn.module.aio;

import java.util.concurrent.CompletionStage;

/** A way of doing file I/O. App thread. */
interface FileEngine extends AutoCloseable {
    /** Returns the name for people: {@code io_uring}, {@code threads}. */
    String name();

    /**
     * Opens a regular file or a block device, past the page cache if the file system allows it and the block size suits it.
     * Never creates or changes the file. Does not block.
     *
     * @param filename the file
     * @param readonly whether to open for reading only
     * @param blockSize the block size that is wanted, 0: none in particular
     * @return completes on the app thread; fails with {@link io.cairn.bdev.BdevException}, nothing is open then
     */
    CompletionStage<OpenFile> open(String filename, boolean readonly, int blockSize);

    /** Ends the engine; no file of it is open. */
    @Override
    void close();
}
