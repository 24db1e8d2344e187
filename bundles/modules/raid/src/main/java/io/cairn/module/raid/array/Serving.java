package io.cairn.module.raid.array;

import io.cairn.module.raid.level.ArrayChannels;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.Shape;

/** What an array serves with at the moment. App thread. */
interface Serving {
    Shape shape();

    /** Returns what the channels were told last. */
    Layout layout();

    ArrayChannels channels();
}
