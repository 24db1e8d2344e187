/** Passes every I/O to its base. */
package io.cairn.module.passthru;
