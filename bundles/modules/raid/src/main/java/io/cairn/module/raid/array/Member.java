package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.spi.BaseLink;
import io.cairn.module.raid.level.MemberRole;
import java.util.concurrent.CompletionStage;

/** A bdev that an array holds: claimed, in a slot, with a role. App thread. */
final class Member {
    private final BaseLink link;
    private final MemberStore store;
    private MemberRole role = MemberRole.ABSENT;
    private boolean leaving;
    private boolean dropped;
    private boolean delta;
    private boolean placed;
    private boolean recognised;

    /**
     * Takes over a hold.
     *
     * @param store what is in front of the data; null if nothing is
     */
    Member(BaseLink link, MemberStore store) {
        this.link = link;
        this.store = store;
    }

    BaseLink link() {
        return link;
    }

    MemberStore store() {
        return store;
    }

    Bdev bdev() {
        return link.base();
    }

    /** Returns what the I/O path does with it; ABSENT: it is held, and waits. */
    MemberRole role() {
        return role;
    }

    void setRole(MemberRole other) {
        role = other;
    }

    /** The bdev is being removed: it has to be let go of. */
    void leave() {
        leaving = true;
    }

    boolean isLeaving() {
        return leaving;
    }

    /** The array's record does without it, durably: it is let go of when nothing else is being changed, and not used before that. */
    void drop() {
        dropped = true;
    }

    boolean isDropped() {
        return dropped;
    }

    /** Tells whether the intents say all that it missed. */
    void setDelta(boolean known) {
        delta = known;
        placed = true;
    }

    boolean isDelta() {
        return delta;
    }

    /** Its disk says that it belongs where it is: what the array remembers of it is about what is on this disk. */
    void recognise() {
        recognised = true;
    }

    /** Whether its disk said that it belongs where it is. One that was exchanged or wiped under the same UUID does not. */
    boolean isRecognised() {
        return recognised;
    }

    /** Whether it is known where its data is and what it misses. */
    boolean isPlaced() {
        return placed;
    }

    /**
     * Gives the bdev back when nothing of the array's is under way on it. The I/O path has let go of it.
     *
     * @return completes when it has been given back
     */
    CompletionStage<Void> close() {
        if (store == null) {
            link.close();
            return Stages.done();
        }
        return store.whenIdle().thenRun(link::close);
    }
}
