package io.cairn.export.nbd.protocol;

import io.cairn.export.nbd.protocol.OptionData.Malformed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The server's side of the fixed newstyle handshake: bytes in, bytes out, in the end a {@link Selection}. Does no I/O and
 * knows no time; one thread.
 *
 * <p>Memory is bounded before it is taken: an option's data are kept only up to {@value #MAX_OPTION_DATA} bytes; what
 * is longer, or belongs to an option that is not known, is skipped as it comes and answered afterwards.
 */
public final class Handshake {
    /** The most bytes of an option's data that are looked at. */
    public static final int MAX_OPTION_DATA = 32 * 1024;

    private static final int OPTION_HEADER = 16;
    /** The id of {@code base:allocation} in a session; any number will do. */
    public static final int BASE_ALLOCATION_ID = 1;

    private final ExportGate gate;
    private final OptionReplies replies;

    private State state = State.CLIENT_FLAGS;
    private byte[] part = new byte[Integer.BYTES];
    private int filled;
    private long toSkip;
    private int option;

    private boolean fixedNewstyle;
    private boolean noZeroes;
    private boolean structuredReplies;
    private String contextExport;
    private Selection selection;

    private enum State {
        CLIENT_FLAGS,
        OPTION_HEADER,
        OPTION_DATA,
        SKIPPING,
        SELECTED,
        ENDED
    }

    /**
     * Starts a handshake; {@link #greet} comes first.
     *
     * @param gate the exports
     * @param out takes what the server says
     */
    public Handshake(ExportGate gate, HandshakeOutput out) {
        this.gate = gate;
        this.replies = new OptionReplies(out);
    }

    /** Says the server's first words. */
    public void greet() {
        replies.greeting();
    }

    /**
     * Goes on by one step with the bytes at the buffer's position.
     *
     * @return true if it is worth calling again; false if more bytes are needed, or none any more ({@link #selection},
     *     {@link #ended}). Bytes that are left over then belong to the transmission
     */
    public boolean advance(ByteBuffer in) {
        switch (state) {
            case CLIENT_FLAGS -> {
                if (!fill(in)) {
                    return false;
                }
                clientFlags(ByteBuffer.wrap(part).getInt());
            }
            case OPTION_HEADER -> {
                if (!fill(in)) {
                    return false;
                }
                optionHeader(ByteBuffer.wrap(part));
            }
            case OPTION_DATA -> {
                if (!fill(in)) {
                    return false;
                }
                optionData(part);
            }
            case SKIPPING -> {
                int skipped = (int) Math.min(toSkip, in.remaining());
                in.position(in.position() + skipped);
                toSkip -= skipped;
                if (toSkip > 0) {
                    return false;
                }
                skipped();
            }
            default -> {
                return false;
            }
        }
        return state != State.SELECTED && state != State.ENDED;
    }

    /** Returns what was agreed on, when the transmission begins. */
    public Optional<Selection> selection() {
        return Optional.ofNullable(selection);
    }

    /** Returns whether the connection is to be closed, after what was said has been sent. */
    public boolean ended() {
        return state == State.ENDED;
    }

    private boolean fill(ByteBuffer in) {
        int count = Math.min(part.length - filled, in.remaining());
        in.get(part, filled, count);
        filled += count;
        return filled == part.length;
    }

    private void expect(State next, int bytes) {
        state = next;
        part = new byte[bytes];
        filled = 0;
    }

    private void clientFlags(int flags) {
        if ((flags & ~(Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES)) != 0) {
            state = State.ENDED;
            return;
        }
        fixedNewstyle = (flags & Nbd.FLAG_FIXED_NEWSTYLE) != 0;
        noZeroes = (flags & Nbd.FLAG_NO_ZEROES) != 0;
        expect(State.OPTION_HEADER, OPTION_HEADER);
    }

    private void optionHeader(ByteBuffer header) {
        if (header.getLong() != Nbd.OPTION_MAGIC) {
            state = State.ENDED;
            return;
        }
        option = header.getInt();
        long length = Integer.toUnsignedLong(header.getInt());
        if (!fixedNewstyle && option != Nbd.OPT_EXPORT_NAME) {
            // without fixed newstyle there is no reply to say so with
            state = State.ENDED;
        } else if (known(option) && length <= MAX_OPTION_DATA) {
            expect(State.OPTION_DATA, (int) length);
        } else if (option == Nbd.OPT_EXPORT_NAME) {
            state = State.ENDED;
        } else {
            toSkip = length;
            state = State.SKIPPING;
        }
    }

    private static boolean known(int option) {
        return switch (option) {
            case Nbd.OPT_EXPORT_NAME,
                    Nbd.OPT_ABORT,
                    Nbd.OPT_LIST,
                    Nbd.OPT_INFO,
                    Nbd.OPT_GO,
                    Nbd.OPT_STRUCTURED_REPLY,
                    Nbd.OPT_LIST_META_CONTEXT,
                    Nbd.OPT_SET_META_CONTEXT -> true;
            default -> false;
        };
    }

    private void skipped() {
        if (known(option)) {
            refuse(Nbd.REP_ERR_TOO_BIG, "the option has more than " + MAX_OPTION_DATA + " bytes of data");
        } else if (option == Nbd.OPT_STARTTLS) {
            refuse(Nbd.REP_ERR_UNSUP, "this server has no TLS");
        } else {
            refuse(Nbd.REP_ERR_UNSUP, "option " + Integer.toUnsignedString(option) + " is not supported");
        }
    }

    private void optionData(byte[] data) {
        try {
            dispatch(data);
        } catch (Malformed e) {
            if (option == Nbd.OPT_EXPORT_NAME) {
                state = State.ENDED;
            } else {
                refuse(Nbd.REP_ERR_INVALID, e.getMessage());
            }
        }
    }

    private void dispatch(byte[] data) throws Malformed {
        OptionData fields = new OptionData(data);
        if (option == Nbd.OPT_ABORT) {
            replies.ack(option);
            state = State.ENDED;
        } else if (option == Nbd.OPT_EXPORT_NAME) {
            exportName(fields.rest("export name"));
        } else if (gate.shuttingDown()) {
            refuse(Nbd.REP_ERR_SHUTDOWN, "the server is going down");
        } else {
            switch (option) {
                case Nbd.OPT_LIST -> list(fields);
                case Nbd.OPT_INFO, Nbd.OPT_GO -> infoOrGo(fields);
                case Nbd.OPT_STRUCTURED_REPLY -> structuredReply(fields);
                default -> metaContext(fields);
            }
        }
    }

    private void exportName(String name) {
        Optional<ExportInfo> export = gate.shuttingDown() ? Optional.empty() : gate.find(name);
        if (export.isEmpty() || gate.enter(export.get()).isPresent()) {
            // there is no reply to say so with
            state = State.ENDED;
            return;
        }
        replies.exportName(export.get().sizeBytes(), sessionFlags(export.get()), !noZeroes);
        select(export.get());
    }

    private void list(OptionData fields) throws Malformed {
        fields.end();
        for (ExportInfo export : gate.list()) {
            replies.server(option, export);
        }
        acknowledge();
    }

    private void structuredReply(OptionData fields) throws Malformed {
        fields.end();
        structuredReplies = true;
        acknowledge();
    }

    private void infoOrGo(OptionData fields) throws Malformed {
        String name = fields.text("export name");
        Set<Integer> wanted = new LinkedHashSet<>();
        int count = fields.uint16("number of information requests");
        for (int i = 0; i < count; i++) {
            wanted.add(fields.uint16("information request"));
        }
        fields.end();
        Optional<ExportInfo> found = find(name);
        if (found.isEmpty()) {
            return;
        }
        ExportInfo export = found.get();
        boolean go = option == Nbd.OPT_GO;
        boolean told = wanted.contains(Nbd.INFO_BLOCK_SIZE);
        if (!go && !told && export.needsBlockSize()) {
            // GO is let pass: the user of a client that cannot ask may have been told (nbd-client -block-size)
            replies.infoBlockSize(option, export);
            refuse(
                    Nbd.REP_ERR_BLOCK_SIZE_REQD,
                    "export " + export.name() + " has blocks of " + export.minimumBlockSize());
            return;
        }
        if (go) {
            Optional<String> refusal = gate.enter(export);
            if (refusal.isPresent()) {
                refuse(Nbd.REP_ERR_UNKNOWN, refusal.get());
                return;
            }
        }
        replies.infoExport(option, export.sizeBytes(), sessionFlags(export));
        if (wanted.contains(Nbd.INFO_NAME)) {
            replies.infoText(option, Nbd.INFO_NAME, export.name());
        }
        if (wanted.contains(Nbd.INFO_DESCRIPTION)) {
            replies.infoText(option, Nbd.INFO_DESCRIPTION, export.description());
        }
        if (told || export.needsBlockSize()) {
            replies.infoBlockSize(option, export);
        }
        acknowledge();
        if (go) {
            select(export);
        }
    }

    private void metaContext(OptionData fields) throws Malformed {
        boolean set = option == Nbd.OPT_SET_META_CONTEXT;
        if (set) {
            contextExport = null;
        }
        String name = fields.text("export name");
        List<String> queries = new ArrayList<>();
        long count = fields.uint32("number of queries");
        for (long i = 0; i < count; i++) {
            queries.add(fields.text("query"));
        }
        fields.end();
        if (!structuredReplies) {
            refuse(Nbd.REP_ERR_INVALID, "metadata contexts need structured replies");
            return;
        }
        Optional<ExportInfo> export = find(name);
        if (export.isEmpty()) {
            return;
        }
        boolean matches = queries.contains(Nbd.BASE_ALLOCATION)
                || (!set && (queries.isEmpty() || queries.contains(Nbd.BASE_NAMESPACE)));
        if (matches) {
            replies.metaContext(option, set ? BASE_ALLOCATION_ID : 0, Nbd.BASE_ALLOCATION);
            if (set) {
                contextExport = export.get().name();
            }
        }
        acknowledge();
    }

    private Optional<ExportInfo> find(String name) {
        Optional<ExportInfo> export = gate.find(name);
        if (export.isEmpty()) {
            refuse(Nbd.REP_ERR_UNKNOWN, name.isEmpty() ? "there is no default export" : "there is no export " + name);
        }
        return export;
    }

    private int sessionFlags(ExportInfo export) {
        return export.flags() | (structuredReplies ? Nbd.SEND_DF : 0);
    }

    private void acknowledge() {
        replies.ack(option);
        expect(State.OPTION_HEADER, OPTION_HEADER);
    }

    private void refuse(int type, String message) {
        replies.error(option, type, message);
        expect(State.OPTION_HEADER, OPTION_HEADER);
    }

    private void select(ExportInfo export) {
        selection = new Selection(export, structuredReplies, export.name().equals(contextExport));
        state = State.SELECTED;
    }
}
