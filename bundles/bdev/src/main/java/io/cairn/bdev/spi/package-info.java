/**
 * The SPI: what those see who write a bdev module. A module is a {@link io.cairn.bdev.spi.BdevModule}, offered as an
 * OSGi service (or handed to the core as a plain object); its bdevs are {@link io.cairn.bdev.spi.BdevBackend}s.
 */
@Export
@Version("1.6.0")
package io.cairn.bdev.spi;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
