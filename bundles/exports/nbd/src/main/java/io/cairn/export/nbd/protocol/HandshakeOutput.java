package io.cairn.export.nbd.protocol;

import java.nio.ByteBuffer;

/** Takes what the server says during the handshake. */
@FunctionalInterface
public interface HandshakeOutput {
    /** Sends bytes after all that was sent before; they are copied or sent before this returns. */
    void send(ByteBuffer bytes);
}
