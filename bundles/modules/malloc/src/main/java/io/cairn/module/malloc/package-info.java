/** A sparse disk in memory. */
package io.cairn.module.malloc;
