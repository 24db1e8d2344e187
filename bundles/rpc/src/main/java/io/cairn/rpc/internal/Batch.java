package io.cairn.rpc.internal;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * The requests of one batch: begun one by one, as there is room for calls, and answered together when the last one is. On the
 * server's thread.
 */
final class Batch {
    private final Iterator<?> waiting;
    private final Room room;
    private final List<String> answers = new ArrayList<>();
    private int unanswered;
    private long length;
    private boolean tooLong;

    /** What the batches of one client that are not answered yet may hold together. */
    static final class Room {
        private final int limit;
        private long held;

        Room(int limit) {
            this.limit = limit;
        }

        private boolean fits(int length) {
            return held + length <= limit;
        }
    }

    /**
     * Makes a batch of which nothing has begun.
     *
     * @param elements at least one JSON value
     */
    Batch(List<?> elements, Room room) {
        this.waiting = elements.iterator();
        this.unanswered = elements.size();
        this.room = room;
    }

    /** Returns whether an element has not begun yet. */
    boolean hasNext() {
        return waiting.hasNext();
    }

    /** Takes the next element. */
    Incoming next() {
        return Incoming.of(waiting.next());
    }

    /** Returns the refusal of an element that must not begin any more, because there is no room for answers: it is not called. */
    Optional<String> refusal(Incoming element) {
        return tooLong ? Optional.of(Answers.notCalled(element.id(), room.limit)) : Optional.empty();
    }

    /**
     * Takes an element's answer, or in its place, if there is no room for it, an error.
     *
     * @param answer empty if none is to be sent
     * @return the answer of the whole batch, if this was the last and there is anything to say
     */
    Optional<String> answered(Incoming element, Optional<String> answer) {
        answer.ifPresent(text -> {
            if (room.fits(text.length())) {
                keep(text);
            } else {
                tooLong = true;
                keep(Answers.noRoom(element.id(), text.length(), room.limit));
            }
        });
        return ended();
    }

    /** Takes an element's refusal, which is short and kept always. Returns what {@link #answered} does. */
    Optional<String> refused(String refusal) {
        keep(refusal);
        return ended();
    }

    private void keep(String text) {
        answers.add(text);
        length += text.length();
        room.held += text.length();
    }

    private Optional<String> ended() {
        unanswered--;
        if (unanswered > 0) {
            return Optional.empty();
        }
        room.held -= length;
        return answers.isEmpty() ? Optional.empty() : Optional.of("[" + String.join(",", answers) + "]");
    }
}
