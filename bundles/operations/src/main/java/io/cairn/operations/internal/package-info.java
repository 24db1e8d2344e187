/** Finds, decodes, runs and remembers operations. */
package io.cairn.operations.internal;
