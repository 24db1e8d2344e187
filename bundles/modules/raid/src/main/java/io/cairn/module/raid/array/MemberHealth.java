package io.cairn.module.raid.array;

import io.cairn.bdev.IoType;

/** What has gone wrong with the member in a slot since it came. App thread. */
final class MemberHealth {
    private long readErrors;
    private long writeErrors;
    private long repaired;

    void readError(boolean wasRepaired) {
        readErrors++;
        if (wasRepaired) {
            repaired++;
        }
    }

    void writeError() {
        writeErrors++;
    }

    /** Counts an I/O that the member did not do. */
    void failed(IoType type) {
        if (type.changesData()) {
            writeError();
        } else {
            readError(false);
        }
    }

    /** Takes over what was counted before, by the module before an upgrade. */
    void add(long moreReadErrors, long moreWriteErrors, long moreRepaired) {
        readErrors += moreReadErrors;
        writeErrors += moreWriteErrors;
        repaired += moreRepaired;
    }

    /** Another member is in the slot. */
    void reset() {
        readErrors = 0;
        writeErrors = 0;
        repaired = 0;
    }

    long readErrors() {
        return readErrors;
    }

    long writeErrors() {
        return writeErrors;
    }

    long repaired() {
        return repaired;
    }
}
