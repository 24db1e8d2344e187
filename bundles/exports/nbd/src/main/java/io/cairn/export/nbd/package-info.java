/** An NBD server over any bdev. */
package io.cairn.export.nbd;
