/**
 * The load generator behind {@code bdev:perf}: plain objects that need a {@link io.cairn.bdev.Bdevs} and its
 * {@link io.cairn.reactor.Reactors}, and no shell.
 */
package io.cairn.shell.perf;
