package io.cairn.module.raid.array;

import io.cairn.bdev.NotificationType;

/** Those who follow what happens to an array. App thread. */
interface Events {
    /** Tells them, as soon as the bdev is ready. Nothing while the array has no bdev. */
    void announce(NotificationType type, String detail);
}
