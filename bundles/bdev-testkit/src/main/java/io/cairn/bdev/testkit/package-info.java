/** The contract every module's test extends, and the simulated disk. */
@Export
@Version("0.1.0")
package io.cairn.bdev.testkit;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
