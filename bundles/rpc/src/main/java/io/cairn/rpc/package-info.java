/** JSON-RPC 2.0 on a Unix socket, as SPDK's clients speak it. */
package io.cairn.rpc;
