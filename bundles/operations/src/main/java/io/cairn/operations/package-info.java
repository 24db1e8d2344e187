/**
 * Operations: what can be asked of Cairn, declared once. From one {@link io.cairn.operations.Operation} come the JSON-RPC
 * method, the shell command, the page of the reference and the entry of the saved configuration.
 */
@Export
@Version("1.1.0")
package io.cairn.operations;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
