/** Threads, messages, pollers, channels, buffers and the clock. */
@Export
@Version("0.1.0")
package io.cairn.reactor;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
