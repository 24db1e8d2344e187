package io.cairn.bdev.core;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import java.util.List;

/** Aborts: finds the victims on the submitter's channel, and ends the abort when all of them have ended. */
final class Aborts {
    private Aborts() {}

    static void begin(Io abort, Channel channel, Object victimCookie) {
        SharedChannel shared = abort.shared;
        abort.state = Io.HELD;
        abort.rare().abortsLeft = 1;
        abort.rare().abortFailed = false;
        boolean found = false;
        IoPool pool = channel.pool();
        for (int i = 0; i < pool.size(); i++) {
            Io victim = pool.get(i);
            if (victim != abort && victim.isOut() && victim.type() != IoType.ABORT && victim.cookie() == victimCookie) {
                found = true;
                abortOne(abort, victim, shared);
            }
        }
        abort.rare().abortFailed |= !found;
        abort.rare().abortsLeft--;
        // the outcome is told at the end of the turn, never from inside the submission
        shared.reactor.defer(() -> endIfDone(abort));
    }

    private static void abortOne(Io abort, Io victim, SharedChannel shared) {
        if (victim.state == Io.DEFERRED) {
            return;
        }
        if (victim.state == Io.QUEUED) {
            shared.abortQueued(victim);
            return;
        }
        waitFor(abort, victim);
        if (!giveUp(victim, shared)) {
            stopWaiting(abort, victim);
            abort.rare().abortFailed = true;
        }
    }

    /** Gives up what the core works on itself, or what the module has. */
    private static boolean giveUp(Io victim, SharedChannel shared) {
        if (victim.state == Io.HELD) {
            if (!victim.stop(IoStatus.ABORTED)) {
                return false;
            }
            shared.abortPieces(victim);
            return true;
        }
        return victim.state == Io.PENDING && shared.bdev.isNative(IoType.ABORT) && shared.abortInModule(victim);
    }

    /** Gives up all of a channel's I/Os that carry a cookie, with nobody who waits for it. */
    static boolean giveUpAll(Channel channel, Object victimCookie) {
        IoPool pool = channel.pool();
        boolean ending = false;
        for (int i = 0; i < pool.size(); i++) {
            Io victim = pool.get(i);
            if (victim.isOut() && victim.type() != IoType.ABORT && victim.cookie() == victimCookie) {
                ending |= giveUpUnlessEnding(victim);
            }
        }
        return ending;
    }

    /** Gives up all of a channel's I/Os, with nobody who waits for it. */
    static void giveUpAll(Channel channel) {
        IoPool pool = channel.pool();
        for (int i = 0; i < pool.size(); i++) {
            Io victim = pool.get(i);
            if (victim.isOut() && victim.type() != IoType.ABORT) {
                giveUpUnlessEnding(victim);
            }
        }
    }

    /** Returns whether it will end soon. */
    private static boolean giveUpUnlessEnding(Io victim) {
        if (victim.state == Io.QUEUED) {
            victim.shared.abortQueued(victim);
            return true;
        }
        return victim.state == Io.DEFERRED || giveUp(victim, victim.shared);
    }

    private static void waitFor(Io abort, Io victim) {
        victim.rare().abortedBy.add(abort);
        victim.extras |= Io.ABORTING;
        abort.rare().abortsLeft++;
    }

    /** Takes back one abort's wait only: others may wait for the same victim, and the victim may have ended meanwhile. */
    private static void stopWaiting(Io abort, Io victim) {
        if (victim.rare().abortedBy.remove(abort)) {
            abort.rare().abortsLeft--;
            if (victim.rare().abortedBy.isEmpty()) {
                victim.extras &= ~Io.ABORTING;
            }
        }
    }

    /** A victim is over. */
    static void victimEnded(Io victim) {
        List<Io> aborts = List.copyOf(victim.rare().abortedBy);
        victim.rare().abortedBy.clear();
        for (Io abort : aborts) {
            abort.rare().abortsLeft--;
            endIfDone(abort);
        }
    }

    private static void endIfDone(Io abort) {
        if (abort.rare().abortsLeft == 0 && abort.state == Io.HELD) {
            abort.shared.finish(abort, abort.rare().abortFailed ? IoStatus.FAILED : IoStatus.SUCCESS);
        }
    }
}
