/** Registry, claims, examine, I/O path, statistics and configuration. */
package io.cairn.bdev.core;
