/** What those who do I/O and those who write modules see. */
@Export
@Version("0.1.0")
package io.cairn.bdev;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
