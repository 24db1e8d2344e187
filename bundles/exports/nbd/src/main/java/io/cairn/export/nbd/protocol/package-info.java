/** The NBD protocol without I/O: the handshake, requests and replies as bytes. */
package io.cairn.export.nbd.protocol;
