/**
 * Byte streams (TCP and Unix sockets) that are served entirely on reactors, without a thread per connection: one
 * outstanding read straight into the user's memory, one gathering send per turn, no copy and no pipeline between.
 *
 * <p>Everything of a connection happens on its reactor. Start with {@link io.cairn.reactor.net.StreamNetwork}.
 */
@Export
@Version("1.0.0")
package io.cairn.reactor.net;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
