package io.cairn.module.aio;

/** What is done to a file. */
enum FileOperation {
    READ(true),
    WRITE(true),
    /** Make what was written durable: {@code fdatasync}. */
    SYNC(false),
    /** Give a range back to the file system; it reads as zeroes afterwards. */
    PUNCH(false),
    /** Make a range read as zeroes, by keeping its space if possible. */
    ZERO(false);

    private final boolean transfer;

    FileOperation(boolean transfer) {
        this.transfer = transfer;
    }

    /** Returns whether data moves. */
    boolean isTransfer() {
        return transfer;
    }
}
