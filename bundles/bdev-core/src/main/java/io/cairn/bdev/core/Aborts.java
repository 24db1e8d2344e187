package io.cairn.bdev.core;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import java.util.ArrayList;
import java.util.List;

/** Aborts: finds the victims on the submitter's channel, and ends the abort when all of them have ended. */
final class Aborts {
    private Aborts() {}

    static void begin(Io abort, Channel channel, Object victimCookie) {
        SharedChannel shared = abort.shared;
        abort.state = Io.HELD;
        abort.abortsLeft = 1;
        abort.abortFailed = false;
        boolean found = false;
        IoPool pool = channel.pool();
        for (int i = 0; i < pool.size(); i++) {
            Io victim = pool.get(i);
            if (victim != abort && victim.isOut() && victim.type() != IoType.ABORT && victim.cookie() == victimCookie) {
                found = true;
                abortOne(abort, victim, shared);
            }
        }
        abort.abortFailed |= !found;
        abort.abortsLeft--;
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
        boolean ending = victim.state == Io.HELD
                ? victim.stop(IoStatus.ABORTED)
                : victim.state == Io.PENDING && shared.bdev.isNative(IoType.ABORT) && shared.abortInModule(victim);
        if (!ending) {
            stopWaiting(abort, victim);
            abort.abortFailed = true;
        }
    }

    private static void waitFor(Io abort, Io victim) {
        if (victim.abortedBy == null) {
            victim.abortedBy = new ArrayList<>(1);
        }
        victim.abortedBy.add(abort);
        victim.extras |= Io.ABORTING;
        abort.abortsLeft++;
    }

    /** Takes back one abort's wait only: others may wait for the same victim, and the victim may have ended meanwhile. */
    private static void stopWaiting(Io abort, Io victim) {
        if (victim.abortedBy.remove(abort)) {
            abort.abortsLeft--;
            if (victim.abortedBy.isEmpty()) {
                victim.extras &= ~Io.ABORTING;
            }
        }
    }

    /** A victim is over. */
    static void victimEnded(Io victim) {
        List<Io> aborts = List.copyOf(victim.abortedBy);
        victim.abortedBy.clear();
        for (Io abort : aborts) {
            abort.abortsLeft--;
            endIfDone(abort);
        }
    }

    private static void endIfDone(Io abort) {
        if (abort.abortsLeft == 0 && abort.state == Io.HELD) {
            abort.shared.finish(abort, abort.abortFailed ? IoStatus.FAILED : IoStatus.SUCCESS);
        }
    }
}
