/** An NBD server over any bdev: its exports, the operations on them, and the component that puts it all together. */
package io.cairn.export.nbd;
