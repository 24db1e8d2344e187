package io.cairn.module.raid.array;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.List;

/** What has gone wrong with the member in a slot since it came. App thread. */
final class MemberHealth {
    private long readErrors;
    private long writeErrors;
    private long repaired;

    /**
     * Returns whether an I/O ended by the member's fault: not because the member was leaving, or somebody gave the I/O up, which says nothing of what
     * is on it.
     */
    static boolean isFault(IoStatus status) {
        return status.errno() != Errno.ENODEV && status.errno() != Errno.ECANCELED;
    }

    void readError(boolean wasRepaired) {
        readErrors++;
        if (wasRepaired) {
            repaired++;
        }
    }

    void writeError() {
        writeErrors++;
    }

    /** Counts an I/O that the member did not do, if that was its fault. */
    void failed(IoType type, IoStatus status) {
        if (!isFault(status)) {
            return;
        }
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

    /** Another member is in the slot, or the same one again. */
    void reset() {
        readErrors = 0;
        writeErrors = 0;
        repaired = 0;
    }

    /** Says for people what has gone wrong; empty if nothing has. */
    String words() {
        List<String> words = new ArrayList<>();
        if (readErrors > 0) {
            words.add(count(readErrors, "read") + (repaired > 0 ? " (" + repaired + " repaired)" : ""));
        }
        if (writeErrors > 0) {
            words.add(count(writeErrors, "write"));
        }
        return String.join(" and ", words);
    }

    private static String count(long errors, String of) {
        return errors + " " + of + (errors == 1 ? " error" : " errors");
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
