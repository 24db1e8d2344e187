package io.cairn.module.aio;

import io.cairn.reactor.Reactor;
import java.util.concurrent.CompletionStage;

/** An open file or block device. App thread unless said. */
interface OpenFile {
    /** Returns what the operating system said when it was opened. */
    FileFacts facts();

    /** Returns whether I/O goes past the page cache. */
    boolean direct();

    /** Returns the smallest block that I/O can be done in, in bytes. */
    int detectedBlockSize();

    /** Returns what data in memory must be aligned to, in bytes; 1: nothing. */
    int memoryAlignment();

    /** Returns the most pieces of memory that one transfer takes. */
    int maxSegments();

    /** Returns whether ranges can be given back to the file system. */
    boolean punchesHoles();

    /** Returns {@link FileEngine#name()}, and how this file departs from it. For people. */
    String engineName();

    /**
     * Opens the way to the file on one reactor, on that reactor.
     *
     * @param owner told when the channel is closed, and who serves a RESET
     */
    FileIoChannel<?> openChannel(Reactor reactor, int blockSize, FileBackend owner);

    /** Closes the file, without blocking; no channel is open and no I/O is out. Never fails: a failure is logged. */
    CompletionStage<Void> close();
}
