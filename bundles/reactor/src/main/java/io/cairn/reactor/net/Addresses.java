package io.cairn.reactor.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** What addresses streams have. */
final class Addresses {
    /** The longest path of a Unix socket on Linux, in bytes, without its terminating zero. */
    static final int LONGEST_PATH = 107;

    static final SocketAddress UNNAMED = UnixDomainSocketAddress.of("");

    private Addresses() {}

    /**
     * Checks that an address can be listened on or connected to.
     *
     * @throws IOException that names the address and what is wrong with it
     */
    static void check(SocketAddress address) throws IOException {
        if (address instanceof InetSocketAddress inet) {
            if (inet.isUnresolved()) {
                throw new IOException(address + ": unknown host");
            }
        } else if (address instanceof UnixDomainSocketAddress unix) {
            checkLength(unix.getPath());
        } else {
            throw new IOException(address + ": not an address of a stream");
        }
    }

    static void checkLength(Path path) throws IOException {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes < 1 || bytes > LONGEST_PATH) {
            throw new IOException(
                    path + ": the path of a Unix socket has 1 to " + LONGEST_PATH + " bytes, not " + bytes);
        }
    }

    /** The same failure with the address in its message. */
    static IOException named(SocketAddress address, IOException failure) {
        String message = String.valueOf(failure.getMessage());
        return message.contains(address.toString()) ? failure : new IOException(address + ": " + message, failure);
    }
}
