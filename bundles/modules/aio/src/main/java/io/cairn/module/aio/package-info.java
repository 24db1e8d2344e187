/** Files and block devices by io_uring. */
package io.cairn.module.aio;
