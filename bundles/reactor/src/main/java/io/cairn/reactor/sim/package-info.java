/** Reactors without threads: one seed decides the order of everything, so that what failed once fails again. */
@Export
@Version("1.0.0")
package io.cairn.reactor.sim;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
