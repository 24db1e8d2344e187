package io.cairn.rpc.internal;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The clients that are connected, the longest idle first. All on the server's thread. */
final class Connections {
    private final EventLoop loop;
    private final Limits limits;
    private final Set<RpcConnection> byUse = new LinkedHashSet<>();
    private boolean patrolling;
    private boolean stopping;

    Connections(EventLoop loop, Limits limits) {
        this.loop = loop;
        this.limits = limits;
    }

    /**
     * Takes a new connection. If all places are taken, in the place of the longest idle one among those that have never sent a
     * request, so that a crowd of silent connections crowds out itself; then of the longest idle one; refuses it if none is idle.
     */
    boolean admit(RpcConnection connection) {
        if (stopping) {
            return false;
        }
        if (byUse.size() >= limits.connections()) {
            Optional<RpcConnection> idle =
                    byUse.stream().filter(RpcConnection::idle).min(Comparator.comparing(RpcConnection::known));
            if (idle.isEmpty()) {
                return false;
            }
            byUse.remove(idle.get());
            idle.get().close();
        }
        byUse.add(connection);
        patrol();
        return true;
    }

    /** Notes that a client sent something. */
    void used(RpcConnection connection) {
        if (byUse.remove(connection)) {
            byUse.add(connection);
        }
    }

    /** Notes that a client is gone. */
    void left(RpcConnection connection) {
        byUse.remove(connection);
    }

    int count() {
        return byUse.size();
    }

    /** Lets all end what is in flight, then close. */
    void finish() {
        stopping = true;
        List.copyOf(byUse).forEach(RpcConnection::finish);
    }

    /** Closes all. */
    void closeAll() {
        stopping = true;
        List.copyOf(byUse).forEach(RpcConnection::close);
    }

    /** Looks after clients now and then, but only while there are any: no wake-ups when nobody is connected. */
    private void patrol() {
        if (!patrolling) {
            patrolling = true;
            long period = Math.max(1, limits.patience().toMillis() / 4);
            loop.schedule(this::look, period, TimeUnit.MILLISECONDS);
        }
    }

    private void look() {
        patrolling = false;
        long now = System.nanoTime();
        new ArrayList<>(byUse).forEach(connection -> connection.checkPatience(now));
        if (!byUse.isEmpty()) {
            patrol();
        }
    }
}
