package io.cairn.module.aio;

import io.cairn.bdev.BdevIo;

/** One I/O that is out at the file: a place in its channel's table, used again and again. Channel's reactor unless said. */
class FileRequest {
    private final int index;

    /** The I/O; null while this place is free. */
    BdevIo io;

    /** What is done. */
    FileOperation operation;

    /** Where in the file, in bytes. */
    long position;

    /** How much, in bytes. */
    long length;

    /** How much is done already, in bytes. */
    long done;

    /** How often the operating system asked to come again. */
    int retries;

    /** Whether somebody wants it to end early. */
    volatile boolean cancelled;

    FileRequest(int index) {
        this.index = index;
    }

    /** Returns the place in the channel's table. */
    final int index() {
        return index;
    }
}
