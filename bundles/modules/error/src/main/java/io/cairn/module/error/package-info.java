/** Injects errors into the I/O of its base. */
package io.cairn.module.error;
