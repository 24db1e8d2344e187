package io.cairn.module.aio;

/** SPDK has two modules for files; here they are two names of one engine. */
enum Flavour {
    /** {@code bdev_aio_*}. */
    AIO("AIO disk"),
    /** {@code bdev_uring_*}. */
    URING("URING bdev");

    private final String productName;

    Flavour(String productName) {
        this.productName = productName;
    }

    /** Returns SPDK's product name. */
    String productName() {
        return productName;
    }
}
