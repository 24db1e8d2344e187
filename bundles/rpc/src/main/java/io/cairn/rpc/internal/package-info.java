/** The JSON-RPC server. All of it runs on one thread of its own, so that parsing never delays I/O. */
package io.cairn.rpc.internal;
