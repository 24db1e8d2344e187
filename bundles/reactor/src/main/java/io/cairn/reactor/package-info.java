/**
 * Reactors: the threads that all I/O and all control-plane work runs on, with their messages, pollers, timers,
 * per-reactor channels and memory for I/O.
 *
 * <p>A reactor is one thread; what belongs to it is touched there only and needs no locks. Nothing that runs on a
 * reactor may block.
 */
@Export
@Version("1.0.0")
package io.cairn.reactor;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
