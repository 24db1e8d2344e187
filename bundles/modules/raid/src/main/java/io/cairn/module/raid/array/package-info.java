/** An array's life on the app thread: assembly, members that come, fail and go, spares, its record on disk. */
package io.cairn.module.raid.array;
