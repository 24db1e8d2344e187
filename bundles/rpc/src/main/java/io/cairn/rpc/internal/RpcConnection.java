package io.cairn.rpc.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

/**
 * One client. Reads when, and only when, there is room for another request and its answer: what a client sends beyond waits in
 * its socket. All on the server's thread.
 */
final class RpcConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = System.getLogger(RpcConnection.class.getName());

    private final Caller caller;
    private final Connections connections;
    private final Limits limits;
    private final JsonStream json;
    private final Queue<byte[]> unread = new ArrayDeque<>();
    private final Batch.Room batchRoom;
    private Optional<Batch> beginning = Optional.empty();
    private ChannelHandlerContext context;
    private int inFlight;
    private boolean known;
    private boolean finishing;
    private boolean closing;
    private long waitingSince;
    private long roomSeen;

    RpcConnection(Caller caller, Connections connections, Limits limits) {
        this.caller = caller;
        this.connections = connections;
        this.limits = limits;
        this.json = new JsonStream(limits);
        this.batchRoom = new Batch.Room(limits.answerBytes());
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        context = ctx;
        waitingSince = System.nanoTime();
        if (connections.admit(this)) {
            ctx.read();
        } else {
            closing = true;
            ctx.writeAndFlush(bytes(Answers.error(
                            null,
                            Answers.INVALID_REQUEST,
                            "too many connections: all " + limits.connections() + " are busy")))
                    .addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closing = true;
        connections.left(this);
        unread.clear();
        beginning = Optional.empty();
        json.close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            if (!closing) {
                unread.add(ByteBufUtil.getBytes(bytes));
            }
        } finally {
            bytes.release();
        }
        connections.used(this);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        proceed();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        waitingSince = System.nanoTime();
        roomSeen = Long.MAX_VALUE;
        proceed();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!(cause instanceof IOException)) {
            LOG.log(Level.ERROR, "a connection is closed because of an unexpected failure", cause);
        }
        ctx.close();
    }

    /** Returns whether the client waits for nothing: no call under way, no answer unsent. */
    boolean idle() {
        return inFlight == 0 && context.channel().isWritable();
    }

    /** Returns whether the client has ever sent a request: who has not may be there only to take a place. */
    boolean known() {
        return known;
    }

    /** Closes because somebody else needs the place, or because the server stops and nothing is under way. */
    void close() {
        closing = true;
        context.close();
    }

    /** Answers what is in flight and takes no more. */
    void finish() {
        finishing = true;
        unread.clear();
        proceed();
    }

    /** Ends a connection that has been holding half a request, or has not read its answers, for too long. */
    void checkPatience(long now) {
        if (closing) {
            return;
        }
        if (!context.channel().isWritable()) {
            long missing = context.channel().bytesBeforeWritable();
            if (missing < roomSeen) {
                roomSeen = missing;
                waitingSince = now;
            } else if (now - waitingSince > limits.patience().toNanos()) {
                LOG.log(Level.INFO, "a client that does not read its answers is disconnected");
                close();
            }
        } else if (!json.insideValue() || full()) {
            waitingSince = now;
        } else if (now - waitingSince > limits.patience().toNanos()) {
            fail("half a request, and nothing more for " + limits.patience().toSeconds() + " s");
        }
    }

    private boolean full() {
        return inFlight >= limits.requestsInFlight() || !context.channel().isWritable();
    }

    private void proceed() {
        try {
            while (!closing && !full()) {
                if (beginning.isPresent()) {
                    beginNextOf(beginning.get());
                    continue;
                }
                Optional<JsonStream.Value> value = json.next();
                if (value.isPresent()) {
                    waitingSince = System.nanoTime();
                    handle(value.get().plain());
                } else if (!unread.isEmpty()) {
                    json.feed(unread.remove());
                } else {
                    break;
                }
            }
        } catch (JsonStream.NotJson e) {
            fail(e.getMessage());
        }
        if (closing) {
            return;
        }
        if (finishing) {
            if (inFlight == 0 && !full()) {
                closing = true;
                context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            }
        } else if (!full()) {
            context.read();
        }
    }

    /** SPDK's way: an error without an id, and the connection is over, because nobody knows where the next request begins. */
    private void fail(String reason) {
        closing = true;
        context.writeAndFlush(bytes(Answers.error(null, Answers.PARSE_ERROR, "Parse error: " + reason)))
                .addListener(ChannelFutureListener.CLOSE);
    }

    private void handle(Object value) {
        if (!(value instanceof List<?> batch)) {
            run(Incoming.of(value), answer -> answer.ifPresent(this::send));
        } else if (batch.isEmpty()) {
            send(Answers.error(null, Answers.INVALID_REQUEST, "Invalid request: an empty batch"));
        } else {
            beginning = Optional.of(new Batch(batch, batchRoom));
        }
    }

    private void beginNextOf(Batch batch) {
        Incoming element = batch.next();
        if (!batch.hasNext()) {
            beginning = Optional.empty();
        }
        Optional<String> refusal = batch.refusal(element);
        if (refusal.isPresent()) {
            batch.refused(refusal.get()).ifPresent(this::send);
        } else {
            run(element, answer -> batch.answered(element, answer).ifPresent(this::send));
        }
    }

    /** Receives the answer of one request, or nothing if none is to be sent. */
    private interface Receiver {
        void receive(Optional<String> answer);
    }

    private void run(Incoming incoming, Receiver receiver) {
        if (incoming instanceof Incoming.Invalid invalid) {
            receiver.receive(Optional.of(
                    Answers.error(invalid.id(), Answers.INVALID_REQUEST, "Invalid request: " + invalid.reason())));
            return;
        }
        Incoming.Request request = (Incoming.Request) incoming;
        known = true;
        inFlight++;
        caller.call(request)
                .whenCompleteAsync(
                        (result, failure) -> {
                            inFlight--;
                            receiver.receive(answer(request, result, failure));
                            proceed();
                        },
                        context.executor());
    }

    private Optional<String> answer(Incoming.Request request, Object result, Throwable failure) {
        if (failure != null) {
            return Optional.of(Answers.error(request.id(), failure));
        }
        if (request.notification()) {
            return Optional.empty();
        }
        String answer = Answers.result(request.id(), result);
        return Optional.of(
                answer.length() <= limits.answerBytes()
                        ? answer
                        : Answers.tooLong(request.id(), answer.length(), limits.answerBytes()));
    }

    private void send(String answer) {
        if (context.channel().isActive() && !closing) {
            context.writeAndFlush(bytes(answer));
        }
    }

    private static ByteBuf bytes(String answer) {
        return Unpooled.wrappedBuffer((answer + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
