/** Adds latency to reads and writes. */
package io.cairn.module.delay;
