package io.cairn.module.raid.sync;

/**
 * What a process found, in rows (blocks of a member). A row on which several members are wrong counts once.
 *
 * @param mismatches on which the members did not agree
 * @param repaired which agree now: mismatches, and rows of a member that could not be read
 * @param unreadable which could not be read from somebody, and are not repaired
 */
public record Findings(long mismatches, long repaired, long unreadable) {
    /** Nothing. */
    public static final Findings NONE = new Findings(0, 0, 0);

    Findings plus(long moreMismatches, long moreRepaired, long moreUnreadable) {
        return new Findings(mismatches + moreMismatches, repaired + moreRepaired, unreadable + moreUnreadable);
    }
}
