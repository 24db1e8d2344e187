package io.cairn.module.raid.array;

/** Where an array is in its life, as SPDK calls it. */
public enum ArrayState {
    /** Serves I/O. */
    ONLINE("online"),
    /** Waits for members before it serves for the first time. */
    CONFIGURING("configuring"),
    /** Has served, and has too few members now. */
    OFFLINE("offline");

    private final String text;

    ArrayState(String text) {
        this.text = text;
    }

    /** Returns SPDK's spelling. */
    @Override
    public String toString() {
        return text;
    }
}
