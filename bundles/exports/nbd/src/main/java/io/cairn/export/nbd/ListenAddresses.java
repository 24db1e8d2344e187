package io.cairn.export.nbd;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.List;

/** Where the server listens: {@code host:port}, {@code [v6]:port} or the path of a Unix socket; several with commas between. */
final class ListenAddresses {
    /** Loopback, and the port that IANA reserved for NBD. */
    static final String DEFAULT = "127.0.0.1:10809";

    private static final int LAST_PORT = 65535;

    private ListenAddresses() {}

    /**
     * Parses addresses. May block for the look-up of a host name.
     *
     * @throws IllegalArgumentException naming the text and what is wrong with it
     */
    static List<SocketAddress> parse(String text) {
        List<SocketAddress> all = new ArrayList<>();
        for (String one : text.split(",")) {
            all.add(parseOne(one.strip()));
        }
        return all;
    }

    /** Returns an address as {@link #parse} reads it. */
    static String format(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            String host = inet.getAddress().getHostAddress();
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + inet.getPort();
        }
        return address.toString();
    }

    /** Returns whether only this machine can reach an address. */
    static boolean isLocal(SocketAddress address) {
        return !(address instanceof InetSocketAddress inet) || inet.getAddress().isLoopbackAddress();
    }

    private static SocketAddress parseOne(String text) {
        if (text.startsWith("/") || text.startsWith("./")) {
            try {
                return UnixDomainSocketAddress.of(text);
            } catch (InvalidPathException e) {
                throw malformed(text, e.getReason(), e);
            }
        }
        int colon = text.lastIndexOf(':');
        if (colon < 1) {
            throw malformed(text, "neither host:port nor the path of a socket", null);
        }
        String host = text.substring(0, colon);
        if (host.indexOf(':') >= 0 && !(host.startsWith("[") && host.endsWith("]"))) {
            throw malformed(text, "an IPv6 address stands in brackets", null);
        }
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (port < 0 || port > LAST_PORT) {
                throw malformed(text, "the port is not between 0 and " + LAST_PORT, null);
            }
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (NumberFormatException e) {
            throw malformed(text, "the port is not a number", e);
        } catch (UnknownHostException e) {
            throw malformed(text, "unknown host", e);
        }
    }

    private static IllegalArgumentException malformed(String text, String what, Exception cause) {
        return new IllegalArgumentException("NBD address '" + text + "': " + what, cause);
    }
}
