package io.cairn.rpc.internal;

import io.cairn.operations.OperationRegistry;
import io.cairn.operations.Operations;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * JSON-RPC 2.0 on a Unix socket, as SPDK's clients speak it. One thread of its own for all clients; it sleeps when nobody asks.
 * Callable from any thread but that one; starting and stopping block.
 */
public final class RpcServer implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RpcServer.class.getName());
    private static final int BACKLOG = 1024;
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final SocketFile socket;
    private final IoEventLoopGroup group;
    private final EventLoop loop;
    private final Connections connections;
    private final Channel listening;

    /**
     * Starts a server.
     *
     * @throws IOException if the socket cannot be had; nothing is left behind then
     */
    public RpcServer(Path path, Operations operations, OperationRegistry registry) throws IOException {
        this(path, operations, registry, Limits.defaults());
    }

    RpcServer(Path path, Operations operations, OperationRegistry registry, Limits limits) throws IOException {
        socket = SocketFile.take(path);
        group = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("cairn-rpc", true), NioIoHandler.newFactory());
        try {
            loop = group.next();
            connections = new Connections(loop, limits);
            listening = listen(new Caller(operations, registry), limits);
            socket.publish();
        } catch (IOException | RuntimeException e) {
            endThread();
            socket.close();
            throw e;
        }
        LOG.log(Level.INFO, "JSON-RPC on {0}", socket.path());
    }

    /** Returns the path of the socket. */
    public Path path() {
        return socket.path();
    }

    /** Returns how many clients are connected. */
    int connections() {
        return onLoop(connections::count, 0);
    }

    /** Takes no more requests, answers those in flight (for some seconds at most), and disconnects. Twice is harmless. */
    @Override
    public void close() {
        if (group.isShuttingDown()) {
            return;
        }
        listening.close().awaitUninterruptibly();
        loop.execute(connections::finish);
        long end = System.nanoTime() + GRACE.toNanos();
        while (onLoop(connections::count, 0) > 0 && System.nanoTime() - end < 0) {
            // a turn of the server's thread each time: a completed answer closes its connection there
            onLoopLater();
        }
        onLoop(
                () -> {
                    connections.closeAll();
                    return 0;
                },
                0);
        endThread();
        try {
            socket.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the socket " + socket.path() + " could not be removed", e);
        }
    }

    private Channel listen(Caller caller, Limits limits) throws IOException {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group)
                .channel(NioServerDomainSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator().maxMessagesPerRead(1))
                .childOption(
                        ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(limits.unsentBytes() / 4, limits.unsentBytes()))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new RpcConnection(caller, connections, limits));
                    }
                });
        ChannelFuture bound = bootstrap.bind(UnixDomainSocketAddress.of(socket.privatePath()));
        bound.awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("the socket " + socket.path() + " cannot be made", bound.cause());
        }
        return bound.channel();
    }

    private void endThread() {
        group.shutdownGracefully(0, GRACE.toMillis(), TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }

    private <T> T onLoop(Callable<T> question, T otherwise) {
        return get(loop.submit(question), otherwise);
    }

    private void onLoopLater() {
        get(loop.schedule(() -> 0, 10, TimeUnit.MILLISECONDS), 0);
    }

    private static <T> T get(Future<T> answer, T otherwise) {
        try {
            return answer.get(GRACE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return otherwise;
        } catch (ExecutionException | TimeoutException e) {
            LOG.log(Level.WARNING, "the JSON-RPC server's thread does not answer", e);
            return otherwise;
        }
    }
}
