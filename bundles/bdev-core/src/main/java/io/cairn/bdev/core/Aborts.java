package io.cairn.bdev.core;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;

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
        boolean ending;
        if (victim.state == Io.QUEUED) {
            shared.abortQueued(victim);
            return;
        } else if (victim.state == Io.PENDING && shared.bdev.isNative(IoType.ABORT)) {
            victim.abortedBy = abort;
            victim.extras |= Io.ABORTING;
            abort.abortsLeft++;
            ending = shared.abortInModule(victim);
            if (!ending && (victim.extras & Io.ABORTING) != 0) {
                victim.extras &= ~Io.ABORTING;
                victim.abortedBy = null;
                abort.abortsLeft--;
            }
        } else {
            ending = false;
        }
        abort.abortFailed |= !ending;
    }

    /** A victim is over. */
    static void victimEnded(Io victim) {
        Io abort = victim.abortedBy;
        victim.abortedBy = null;
        abort.abortsLeft--;
        endIfDone(abort);
    }

    private static void endIfDone(Io abort) {
        if (abort.abortsLeft == 0 && abort.state == Io.HELD) {
            abort.shared.finish(abort, abort.abortFailed ? IoStatus.FAILED : IoStatus.SUCCESS);
        }
    }
}
