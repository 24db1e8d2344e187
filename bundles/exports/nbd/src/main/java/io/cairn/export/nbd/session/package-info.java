/** A client's session on its reactor: bytes from the connection become I/O on a bdev's channel, and back. */
package io.cairn.export.nbd.session;
