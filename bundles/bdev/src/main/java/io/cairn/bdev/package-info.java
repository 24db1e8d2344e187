/**
 * The bdev API: what those who do I/O on block devices see. A {@link io.cairn.bdev.Bdev} is opened through
 * {@link io.cairn.bdev.Bdevs}, which gives a {@link io.cairn.bdev.BdevDescriptor}; I/O goes through its
 * {@link io.cairn.bdev.BdevChannel} on each reactor.
 */
@Export
@Version("1.4.0")
package io.cairn.bdev;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
