package io.cairn.export.nbd;

import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevException;
import io.cairn.export.nbd.protocol.ExportInfo;
import io.cairn.export.nbd.session.ExportTarget;
import io.cairn.export.nbd.session.Session;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** An export whose bdev is open. Sessions enter and leave on their reactors; it is ended on the app thread. */
final class LiveExport implements ExportTarget {
    private final ExportDefinition definition;
    private final BdevDescriptor descriptor;
    private final Reactors reactors;
    private final List<Party> parties;
    private final AtomicInteger connections = new AtomicInteger();
    private volatile boolean ending;

    /** The sessions of one reactor; touched there only. */
    private static final class Party {
        private final Set<Session> sessions = new LinkedHashSet<>();
        private Runnable whenEmpty;

        void tellIfEmpty() {
            if (whenEmpty != null && sessions.isEmpty()) {
                Runnable told = whenEmpty;
                whenEmpty = null;
                told.run();
            }
        }
    }

    LiveExport(ExportDefinition definition, BdevDescriptor descriptor, Reactors reactors) {
        this.definition = definition;
        this.descriptor = descriptor;
        this.reactors = reactors;
        this.parties = reactors.all().stream().map(r -> new Party()).toList();
    }

    @Override
    public ExportInfo info() {
        return ExportFlags.describe(definition, descriptor.bdev());
    }

    @Override
    public BdevChannel enter(Session session) {
        if (ending) {
            throw new BdevException(Errno.ENODEV, "NBD export " + definition.name() + " is going away");
        }
        BdevChannel channel = descriptor.openChannel();
        party(session).sessions.add(session);
        connections.incrementAndGet();
        return channel;
    }

    @Override
    public void leave(Session session) {
        Party party = party(session);
        party.sessions.remove(session);
        connections.decrementAndGet();
        party.tellIfEmpty();
    }

    int connections() {
        return connections.get();
    }

    /**
     * Lets nobody in any more, ends all sessions, closes the descriptor, then runs something; all that on the app thread but the
     * sessions' ends. A session that enters on its reactor at this moment either sees that this has begun or is seen by the
     * message that ends the sessions there.
     */
    void end(Runnable ended) {
        ending = true;
        Reactor app = reactors.app();
        int[] left = {parties.size()};
        Runnable partyOver = () -> {
            if (--left[0] == 0) {
                descriptor.close();
                ended.run();
            }
        };
        for (Reactor reactor : reactors.all()) {
            reactor.execute(() -> {
                Party party = parties.get(reactor.index());
                party.whenEmpty = () -> app.execute(partyOver);
                new ArrayList<>(party.sessions).forEach(Session::end);
                party.tellIfEmpty();
            });
        }
    }

    private Party party(Session session) {
        return parties.get(session.reactor().index());
    }
}
