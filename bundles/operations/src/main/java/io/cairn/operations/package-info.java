/** The declaration of operations and their faces' common ground. */
@Export
@Version("0.1.0")
package io.cairn.operations;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
