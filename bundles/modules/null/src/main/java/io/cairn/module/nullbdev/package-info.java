/** Discards writes and reads zeroes. */
package io.cairn.module.nullbdev;
