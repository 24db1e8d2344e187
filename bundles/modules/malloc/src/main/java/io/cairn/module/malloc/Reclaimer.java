package io.cairn.module.malloc;

import io.cairn.reactor.IoDevice;
import io.cairn.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * Gives chunks back that one reactor has removed, when no other reactor can be copying from or to them any more. Copies are done
 * within one call on a reactor, and who has direct access has it until its call returns; so once every reactor has run a message that was sent after the removal, nobody holds the
 * chunk. One reactor.
 */
final class Reclaimer {
    private record Retired(Chunk chunk, ChunkPool pool) {}

    private final Reactor reactor;
    private final IoDevice<?> users;
    private final Executor blocking;
    private List<Retired> retired = new ArrayList<>();
    private boolean graceRunning;

    /**
     * Makes a reclaimer.
     *
     * @param reactor whose removals it sees to
     * @param users the device whose channels copy
     * @param blocking does the giving back: freeing much memory takes long
     */
    Reclaimer(Reactor reactor, IoDevice<?> users, Executor blocking) {
        this.reactor = reactor;
        this.users = users;
        this.blocking = blocking;
    }

    /** Takes a chunk that was removed from its table, to give it back to its pool. */
    void retire(Chunk chunk, ChunkPool pool) {
        retired.add(new Retired(chunk, pool));
        if (!graceRunning) {
            graceRunning = true;
            // at the end of the turn, so that one round serves all removals of the turn
            reactor.defer(this::startGrace);
        }
    }

    private void startGrace() {
        List<Retired> batch = retired;
        retired = new ArrayList<>();
        users.forEachChannel(reactor, channel -> {}, () -> {
            blocking.execute(() -> batch.forEach(each -> each.pool().give(each.chunk())));
            if (retired.isEmpty()) {
                graceRunning = false;
            } else {
                startGrace();
            }
        });
    }
}
